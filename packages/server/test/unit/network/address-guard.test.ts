import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPublicAddress, literalRefusal } from '../../../src/network/address-guard.js';

test.each([
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '2606:4700:4700::1111',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.each([
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '::127.0.0.1',
  '::7f00:1',
  '::808:808',
  '1::1',
  '4000::1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'fc00::1',
  'fd12:3456::1',
  'ff02::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  'localhost',
  '',
])('%j is not', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test('an IPv4 address and its IPv6 forms are judged alike', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address));
      expect(isPublicAddress(`64:ff9b::${address}`)).toBe(isPublicAddress(address));
    }),
  );
});

const RULE = { allowPrivate: false, setting: 'PARLEY_SOMETHING_ALLOW_PRIVATE' };

test.each(['127.0.0.1', '[::1]', '10.0.0.1', '169.254.169.254'])('the literal %s is refused', (host) => {
  expect(literalRefusal(host, RULE)?.message).toMatch(
    /is not a public address; PARLEY_SOMETHING_ALLOW_PRIVATE=1/,
  );
  expect(literalRefusal(host, { ...RULE, allowPrivate: true })).toBeNull();
});

test.each(['8.8.8.8', '[2606:4700:4700::1111]', 'localhost', 'example.com'])(
  'the literal rule leaves %s to the resolution of names',
  (host) => {
    expect(literalRefusal(host, RULE)).toBeNull();
  },
);
