/** A host name or IPv4 address with an optional port: nothing that could end a directive of the policy. */
const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/i;

/**
 * Headers of the meeting page. The policy names no host but the server's own:
 * - scripts come from files only. `unsafe-inline` is left out on purpose: the kit's reactions add-on puts text
 *   that other participants sent into `innerHTML`. WebAssembly is what the add-on for video backgrounds finds people
 *   in the picture with; it comes from files as well.
 * - styles may be inline, because the kit's add-ons write `<style>` elements into their shadow roots.
 * - pictures may come from any TLS host: the backend chooses participants' pictures and the preset's logo.
 * - `blob:` workers and media are the SDK's timers and the page's own sounds.
 * The address of the page holds a participant token, so it is never sent as a referrer.
 *
 * @param host the request's `Host` header; one that is no host name is left out of the policy.
 * @param baseDomain the `baseURI` that the server was set up with.
 */
export function pageHeaders(host: string | undefined, baseDomain: string): Record<string, string> {
  return headersWith(host, baseDomain, { scripts: [`'wasm-unsafe-eval'`] });
}

/**
 * Headers of the recorder's page, which also speaks to its recorder, and asks the host that a recording's watermark
 * names for that image (features.md RC24, RC39).
 */
export function recordPageHeaders(host: string | undefined, baseDomain: string): Record<string, string> {
  return headersWith(host, baseDomain, { connectTo: ['ws://localhost:8080', 'https:', 'http:'] });
}

function headersWith(
  host: string | undefined,
  baseDomain: string,
  { scripts = [], connectTo = [] }: { scripts?: readonly string[]; connectTo?: readonly string[] },
): Record<string, string> {
  const bases = [...new Set([host, baseDomain])].filter((base) => base !== undefined && HOST.test(base));
  const sdkHosts = bases.flatMap((base) => [`https://*.${base}`, `wss://*.${base}`]);
  const pageSockets = bases.flatMap((base) => [`ws://${base}`, `wss://${base}`]);
  const policy = [
    `default-src 'none'`,
    ['script-src', `'self'`, ...scripts].join(' '),
    `style-src 'self' 'unsafe-inline'`,
    `font-src 'self'`,
    `img-src 'self' data: blob: https:`,
    `media-src 'self' blob: ${sdkHosts.join(' ')}`,
    `connect-src 'self' ${[...pageSockets, ...sdkHosts, ...connectTo].join(' ')}`,
    `worker-src 'self' blob:`,
    `form-action 'none'`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ');
  return {
    'content-security-policy': policy,
    'permissions-policy':
      'camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), autoplay=(self)',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
  };
}
