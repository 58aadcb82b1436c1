/**
 * The hosts that the SDK derives from its `baseURI`, always by TLS (features.md S20): `<prefix>.<base>`. What each
 * of them serves stands in `http/routes.ts`.
 */
export const SDK_HOST_PREFIXES = [
  'api',
  'socket-edge',
  'location',
  'location-legacy',
  'da-collector',
  'api-silos',
] as const;

export type SdkHostPrefix = (typeof SDK_HOST_PREFIXES)[number];

/** `localhost:8443` -> `localhost`. */
export const hostNameOf = (baseDomain: string): string => baseDomain.replace(/:\d+$/, '');

/** The prefix if the request's `Host` header names one of the six hosts below the base, with whatever port. */
export function sdkHostOf(hostHeader: string | undefined, baseDomain: string): SdkHostPrefix | null {
  const host = hostHeader?.toLowerCase().replace(/:\d+$/, '') ?? '';
  const base = hostNameOf(baseDomain);
  return SDK_HOST_PREFIXES.find((prefix) => host === `${prefix}.${base}`) ?? null;
}
