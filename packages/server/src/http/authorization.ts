/** What a caller presented in the `Authorization` header. */
export type Credentials =
  | { scheme: 'bearer'; token: string }
  | { scheme: 'basic'; user: string; password: string }
  | { scheme: 'none' };

/** Longer than any token of ours; what is longer is not worth a hash or a look-up. */
const CREDENTIALS_MAX_CHARS = 4096;

const NONE: Credentials = { scheme: 'none' };

/** Reads the header by RFC 6750 and RFC 7617; what is malformed or of another scheme counts as absent. */
export function parseAuthorization(header: string | undefined): Credentials {
  if (!header || header.length > CREDENTIALS_MAX_CHARS) return NONE;
  const [, scheme, value] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  if (!scheme || !value) return NONE;
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'bearer', token: value };
  if (scheme.toLowerCase() !== 'basic') return NONE;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? NONE : { scheme: 'basic', user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
