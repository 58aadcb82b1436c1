/** The names that the SDK puts before its `baseURI` (features.md S20). */
const SDK_HOST_PREFIXES = [
  'api',
  'socket-edge',
  'location',
  'location-legacy',
  'da-collector',
  'api-silos',
] as const;

export type SdkHostPrefix = (typeof SDK_HOST_PREFIXES)[number];

const IP_ADDRESS = /^(\d+(\.\d+){3}|\[.*\])$/;

/**
 * The value for the SDK's `baseURI`: host and port of the page itself. On `https://meet.example.com` the SDK
 * then calls `https://api.meet.example.com` and its five siblings, which the server answers by host name.
 * There are no names below an IP address, so a page on one lends the SDK another base; on the plain port its
 * calls end at the page's own origin whatever the base (`plain-port.ts`).
 */
export function baseUriOfPage(page: Pick<Location, 'host' | 'hostname' | 'port'>): string {
  if (!IP_ADDRESS.test(page.hostname)) return page.host;
  return page.port ? `localhost:${page.port}` : 'localhost';
}

/** Which of the SDK's six hosts an address names, or undefined when it is any other address. */
export function sdkHostPrefix(address: URL): SdkHostPrefix | undefined {
  if (address.protocol !== 'https:' && address.protocol !== 'wss:') return undefined;
  const [firstLabel, ...rest] = address.hostname.split('.');
  return rest.length > 0 ? SDK_HOST_PREFIXES.find((prefix) => prefix === firstLabel) : undefined;
}
