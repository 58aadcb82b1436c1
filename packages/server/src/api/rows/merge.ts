type JsonObject = Record<string, unknown>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The change that a PATCH makes: objects are merged at every depth, everything else (arrays and null too) takes
 * the place of what was there. Neither argument is changed.
 */
export function mergeDeep(base: unknown, patch: unknown): unknown {
  if (!isObject(base) || !isObject(patch)) return patch;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(patch)) merged.set(key, mergeDeep(merged.get(key), value));
  return Object.fromEntries(merged);
}

/** A PATCH without fields changes nothing, and so not `updated_at` either. */
export const isEmpty = (patch: object): boolean => Object.keys(patch).length === 0;
