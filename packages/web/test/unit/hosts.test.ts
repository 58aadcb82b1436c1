import { describe, expect, it } from 'vitest';
import { samePortAddress } from '../../src/hosts/plain-port.js';
import { baseUriOfPage, sdkHostPrefix } from '../../src/hosts/sdk-hosts.js';

const page = { host: 'localhost:8080', href: 'http://localhost:8080/meet?authToken=x' };

describe('the base of the SDK', () => {
  it('is host and port of the page (S20)', () => {
    expect(baseUriOfPage(new URL('https://meet.example.com/meet'))).toBe('meet.example.com');
    expect(baseUriOfPage(new URL('https://localhost:8443/meet'))).toBe('localhost:8443');
  });

  it.each([
    ['http://127.0.0.1:8080/record', 'localhost:8080'],
    ['http://[::1]/record', 'localhost'],
  ])('is a name even where the page is at %s', (address, base) => {
    expect(baseUriOfPage(new URL(address))).toBe(base);
  });

  it.each([
    ['https://api.localhost:8443/iceservers', 'api'],
    ['wss://socket-edge.localhost:8443/ws', 'socket-edge'],
    ['https://location-legacy.a.example/', 'location-legacy'],
    ['https://api/', undefined],
    ['https://apis.a.example/', undefined],
    ['http://api.a.example/', undefined],
  ])('%s is the host %s', (address, prefix) => {
    expect(sdkHostPrefix(new URL(address))).toBe(prefix);
  });
});

describe('the plain port', () => {
  it.each([
    [
      'https://api.localhost:8080/v2/internals/participant-details',
      'http://localhost:8080/v2/internals/participant-details',
    ],
    ['wss://socket-edge.localhost:8443/ws?roomID=a&peerID=b', 'ws://localhost:8080/ws?roomID=a&peerID=b'],
    ['https://api-silos.localhost:8080/otel/logs', 'http://localhost:8080/otel/logs'],
    ['https://da-collector.localhost:8080/api/v1/message', 'http://localhost:8080/api/v1/message'],
    ['https://location.localhost:8080/', 'http://localhost:8080/location'],
    [
      'https://location-legacy.localhost:8080/?token=t&peerId=p',
      'http://localhost:8080/location-legacy?token=t&peerId=p',
    ],
  ])('answers for %s', (address, target) => {
    expect(samePortAddress(address, page)).toBe(target);
  });

  it.each(['/assets/a.js', 'blob:http://localhost:8080/1', 'https://cdn.example/a.png', 'https://['])(
    'leaves %s alone',
    (address) => {
      expect(samePortAddress(address, page)).toBeUndefined();
    },
  );

  it('never sends anything beyond the origin of the page', () => {
    expect(samePortAddress('https://api.evil.example/steal', page)).toBe('http://localhost:8080/steal');
  });
});
