import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';

/**
 * Keeps what others make this server call, such as webhooks and storages, out of the private network (server-side
 * request forgery). The check sits inside the connection's own name resolution, so the address that is judged is
 * the address that is connected to; a name that answers with a public address first and a private one later gains
 * nothing.
 */
export class AddressRefused extends Error {
  constructor(
    readonly address: string,
    readonly hostname: string,
    /** Name of the setting that would allow it. */
    setting: string,
  ) {
    const what = address === hostname ? address : `${hostname} (${address})`;
    super(`${what} is not a public address; ${setting}=1 allows private ones`);
    this.name = 'AddressRefused';
  }
}

/** All that IANA has given out of IPv6 so far; what lies outside leads nowhere, or to a network of one's own. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');
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
  if (parsed instanceof ipaddr.IPv6) {
    if (parsed.match(NAT64)) return new ipaddr.IPv4(parsed.toByteArray().slice(-4)).range() === 'unicast';
    if (!parsed.match(GLOBAL_UNICAST)) return false;
  }
  return parsed.range() === 'unicast';
}

type Resolve = typeof systemLookup;

/** Where calls may go. */
export interface AddressRule {
  allowPrivate: boolean;
  /** Name of the setting behind `allowPrivate`, for the sentence of a refusal. */
  setting: string;
  /** Replaces the system's name resolution. */
  resolve?: Resolve;
}

/** Resolves names as the system does, and fails with AddressRefused when any address of a name is private. */
export function guardedLookup({
  allowPrivate,
  setting,
  resolve = systemLookup,
}: AddressRule): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const refused = allowPrivate ? undefined : addresses.find(({ address }) => !isPublicAddress(address));
      if (refused) return callback(new AddressRefused(refused.address, hostname, setting), '');
      if (options.all) return callback(null, addresses);
      return callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

/** The refusal of a literal address, for which no name is ever resolved; null for an allowed one and for names. */
export function literalRefusal(
  hostname: string,
  { allowPrivate, setting }: AddressRule,
): AddressRefused | null {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  if (allowPrivate || isIP(address) === 0 || isPublicAddress(address)) return null;
  return new AddressRefused(address, address, setting);
}

/** Opens connections for undici under the rule. */
export function guardedConnector(rule: AddressRule & { timeoutMs: number }): buildConnector.connector {
  const connect = buildConnector({ timeout: rule.timeoutMs, lookup: guardedLookup(rule) });
  return (target, callback) => {
    const refusal = literalRefusal(target.hostname, rule);
    return refusal ? callback(refusal, null) : connect(target, callback);
  };
}
