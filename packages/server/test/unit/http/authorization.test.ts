import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuthorization } from '../../../src/http/authorization.js';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('parseAuthorization', () => {
  it.each([
    ['Bearer abc', { scheme: 'bearer', token: 'abc' }],
    ['bearer   abc', { scheme: 'bearer', token: 'abc' }],
    [basic('app:key'), { scheme: 'basic', user: 'app', password: 'key' }],
    [basic('app:k:e:y'), { scheme: 'basic', user: 'app', password: 'k:e:y' }],
    [basic('no colon'), { scheme: 'none' }],
    ['Bearer', { scheme: 'none' }],
    ['Bearer a b', { scheme: 'none' }],
    ['Digest x', { scheme: 'none' }],
    ['', { scheme: 'none' }],
    [undefined, { scheme: 'none' }],
    [`Bearer ${'x'.repeat(10_000)}`, { scheme: 'none' }],
  ])('%.40s', (header, credentials) => {
    expect(parseAuthorization(header)).toEqual(credentials);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (header) => void parseAuthorization(header)));
    fc.assert(fc.property(fc.string(), (text) => void parseAuthorization(`Basic ${text}`)));
  });
});
