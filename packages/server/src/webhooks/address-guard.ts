import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';

/**
 * Keeps webhooks out of the private network (server-side request forgery). The check sits inside the connection's
 * own name resolution, so the address that is judged is the address that is connected to; a name that answers
 * with a public address first and a private one later gains nothing.
 */
export class AddressRefused extends Error {
  constructor(
    readonly address: string,
    readonly hostname: string,
  ) {
    const what = address === hostname ? address : `${hostname} (${address})`;
    super(`${what} is not a public address; PARLEY_WEBHOOK_ALLOW_PRIVATE=1 allows private ones`);
    this.name = 'AddressRefused';
  }
}

/** Only these are called; the management API refuses other URLs when a webhook is registered. */
export function isWebhookUrl(url: string): boolean {
  return URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol);
}

/** RFC 6052: the last four bytes are the IPv4 address that a NAT64 gateway connects to. */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');

/**
 * True for ordinary unicast addresses of the public internet. Loopback, private, link-local, carrier-grade NAT,
 * multicast, documentation and other reserved networks are not, and neither are the forms of IPv6 that carry such
 * an IPv4 address.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv6 && parsed.match(NAT64)) {
    return new ipaddr.IPv4(parsed.toByteArray().slice(-4)).range() === 'unicast';
  }
  return parsed.range() === 'unicast';
}

type Resolve = typeof systemLookup;

/** Opens the connections of webhooks; every address of a name must be public, not only the one tried first. */
export function guardedConnector(options: {
  allowPrivate: boolean;
  timeoutMs: number;
  resolve?: Resolve;
}): buildConnector.connector {
  const resolve = options.resolve ?? systemLookup;
  if (options.allowPrivate) return buildConnector({ timeout: options.timeoutMs });

  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    resolve(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const refused = addresses.find(({ address }) => !isPublicAddress(address));
      if (refused) return callback(new AddressRefused(refused.address, hostname), '');
      if (lookupOptions.all) return callback(null, addresses);
      return callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
  const connect = buildConnector({ timeout: options.timeoutMs, lookup });
  return (target, callback) => {
    // No name is resolved for a literal address, so it is judged here.
    if (isIP(target.hostname) !== 0 && !isPublicAddress(target.hostname)) {
      return callback(new AddressRefused(target.hostname, target.hostname), null);
    }
    return connect(target, callback);
  };
}
