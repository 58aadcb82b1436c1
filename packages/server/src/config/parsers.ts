import { isIPv4 } from 'node:net';
import { resolve } from 'node:path';

/** More candidates would only make browsers try longer. */
const ADDRESSES_MAX = 8;

/** Reads the text of one setting; throws BadValue with the rest of the sentence `<name>: "<text>" ...`. */
export type Parser<T> = (text: string) => T;

export class BadValue extends Error {}

export function integer(min: number, max: number): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new BadValue(`is not a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

export const port = integer(1, 65_535);

export function oneOf<T extends string>(values: readonly T[]): Parser<T> {
  return (text) => {
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) throw new BadValue(`is not one of ${values.join(', ')}`);
    return value;
  };
}

export const onOff: Parser<boolean> = (text) => {
  if (text === '1' || text === 'true') return true;
  if (text === '0' || text === 'false') return false;
  throw new BadValue('is neither 1 nor 0');
};

export function matching(pattern: RegExp, sentence: string): Parser<string> {
  return (text) => {
    if (!pattern.test(text)) throw new BadValue(sentence);
    return text;
  };
}

/** A name has at most 253 characters (RFC 1035), and `location-legacy.` stands before this one. */
const BASE_DOMAIN_MAX_CHARS = 253 - 16;
const LABEL = /^[0-9a-z]([0-9a-z-]{0,61}[0-9a-z])?$/;

export const baseDomain: Parser<string> = (text) => {
  const [, host = '', portText = '1'] = /^([^:]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isHost = host.length <= BASE_DOMAIN_MAX_CHARS && host.split('.').every((label) => LABEL.test(label));
  if (!isHost || Number(portText) < 1 || Number(portText) > 65_535) {
    throw new BadValue('is not a host name in small letters with an optional port');
  }
  return text;
};

/** Relative to the folder that the server is started in. */
export const path: Parser<string> = (text) => resolve(text);

/** Addresses with commas between them. */
export const ipv4List: Parser<string[]> = (text) => {
  const addresses = text.split(',').map((address) => address.trim());
  if (!addresses.every((address) => isIPv4(address) && address !== '0.0.0.0')) {
    throw new BadValue('is not an IPv4 address that browsers can reach');
  }
  if (addresses.length > ADDRESSES_MAX) throw new BadValue(`has more than ${ADDRESSES_MAX} addresses`);
  return addresses;
};

export const postgresUrl: Parser<string> = (text) => {
  if (!/^postgres(ql)?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')) {
    throw new BadValue('is not an address of the form postgres://user:password@host:port/database');
  }
  return text;
};

export const turnUrls: Parser<string[]> = (text) => {
  const urls = text.split(',').map((url) => url.trim());
  const wrong = urls.find((url) => !/^turns?:[^\s:]+(:\d+)?(\?transport=(udp|tcp))?$/.test(url));
  if (wrong !== undefined) throw new BadValue('is not a list of turn: or turns: addresses, parted by commas');
  return urls;
};

export const mimeTypes: Parser<string[]> = (text) => {
  const types = text.split(',').map((type) => type.trim().toLowerCase());
  if (types.some((type) => !/^([a-z0-9.+-]+\/)?[a-z0-9.+-]*\*?$/.test(type) || type === '')) {
    throw new BadValue('is not a list of MIME types such as image/*, parted by commas');
  }
  return types;
};
