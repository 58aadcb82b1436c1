import { sdkHostPrefix } from './sdk-hosts.js';

/**
 * The SDK speaks TLS only: `https://api.<base>` and `wss://socket-edge.<base>`, with no option for anything
 * else. A newcomer's browser does not trust the certificate authority that Parley made on its first start, so
 * those calls would fail until it is installed. The page opened as `http://localhost:8080/meet` therefore
 * sends what the SDK addresses to its six hosts to the same paths of the port that served the page.
 * `http://localhost` counts as a secure context, so camera and microphone work there with nothing to accept.
 *
 * This is the transport of this page alone. The SDK and the kit are unmodified, a page on `https:` never does
 * it, and whatever address it starts from, a request can only end at the page's own origin.
 */
export function usePlainPort(window: Window & typeof globalThis): void {
  const page = window.location;
  if (page.protocol !== 'http:') return;

  const browserFetch = window.fetch.bind(window);
  window.fetch = (input, init) => {
    if (input instanceof Request) {
      const target = samePortAddress(input.url, page);
      return browserFetch(target ? new Request(target, input) : input, init);
    }
    return browserFetch(samePortAddress(input, page) ?? input, init);
  };

  // The kit's player of livestreams loads its pieces this way.
  window.XMLHttpRequest = class PlainPortRequest extends window.XMLHttpRequest {
    override open(method: string, address: string | URL, ...rest: [boolean?, string?, string?]): void {
      const [isAsync = true, ...credentials] = rest;
      super.open(method, samePortAddress(address, page) ?? address, isAsync, ...credentials);
    }
  };

  window.WebSocket = class PlainPortWebSocket extends window.WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(samePortAddress(address, page) ?? address, protocols);
    }
  };
}

/**
 * Where a call to one of the SDK's hosts goes on the plain port, or undefined for any other address. The two
 * location hosts answer at their root, which is the dashboard's on the plain port, so they keep their name as
 * a path.
 */
export function samePortAddress(
  address: string | URL,
  page: Pick<Location, 'host' | 'href'>,
): string | undefined {
  const parsed = URL.parse(address.toString(), page.href);
  if (!parsed) return undefined;
  const prefix = sdkHostPrefix(parsed);
  if (!prefix) return undefined;
  const scheme = parsed.protocol === 'wss:' ? 'ws' : 'http';
  const path = prefix.startsWith('location') ? `/${prefix}` : parsed.pathname;
  return `${scheme}://${page.host}${path}${parsed.search}`;
}
