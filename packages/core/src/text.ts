/** Postgres keeps neither U+0000 nor halves of a surrogate pair, so neither may get into the log. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const ALL_UNSTORABLE = /[\0\p{Surrogate}]/gu;

/** Whether there is anything to read in a text from a client, it is not too long and it can be kept. */
export function isUsable(text: string, maxCharacters: number): boolean {
  return text.length <= maxCharacters && text.trim() !== '' && !UNSTORABLE.test(text);
}

export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}

/** The text without what cannot be kept, cut between characters. */
export function tidy(text: string, maxCharacters: number): string {
  const storable = text.replace(ALL_UNSTORABLE, '');
  return storable.length <= maxCharacters ? storable : [...storable].slice(0, maxCharacters).join('');
}

const encoder = new TextEncoder();

/** As UTF-8. */
export const bytesOfText = (text: string): number => encoder.encode(text).length;

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The JSON object that a text holds, or null. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
