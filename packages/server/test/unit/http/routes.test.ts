import { describe, expect, it } from 'vitest';
import { isSocketTarget, surfaceFor } from '../../../src/http/routes.js';

const BASE = 'meet.example.com:8443';
const at = (path: string, hostHeader = 'localhost:8080', authorization?: string) => ({
  path,
  hostHeader,
  authorization,
});

describe('the table of routes', () => {
  it.each([
    ['/client/v4/accounts/a/realtime/kit/apps', 'managementApi'],
    ['/accounts/a/realtime/kit/apps', 'managementApi'],
    ['/client/v4', 'managementApi'],
    ['/client/v40', null],
    ['/openapi.json', 'managementApi'],
    ['/v2/internals/participant-details', 'clientApi'],
    ['/iceservers', 'clientApi'],
    ['/meet', 'pages'],
    ['/meet/0/demo', 'pages'],
    ['/assets/a.js', 'pages'],
    ['/healthz', 'operations'],
    ['/readyz', 'operations'],
    ['/metrics', 'operations'],
    ['/.well-known/webhooks.json', 'operations'],
    ['/', null],
    ['/meeting', null],
    ['/healthz/x', null],
  ])('serves %s by path from %s, under any name', (path, surface) => {
    expect(surfaceFor(at(path), BASE)).toBe(surface);
    expect(surfaceFor(at(path, 'api.meet.example.com:8443'), BASE)).toBe(surface);
    expect(surfaceFor(at(path, undefined), BASE)).toBe(surface);
  });

  it.each(['location', 'location-legacy', 'da-collector', 'api-silos'])(
    'keeps %s to telemetry (S20)',
    (prefix) => {
      const host = `${prefix}.meet.example.com:8443`;
      expect(surfaceFor(at('/', host), BASE)).toBe('telemetry');
      expect(surfaceFor(at('/client/v4/accounts/a', host), BASE)).toBe('telemetry');
      expect(surfaceFor(at('/api/v1/message', host.toUpperCase()), BASE)).toBe('telemetry');
      expect(isSocketTarget(at('/ws', host), BASE)).toBe(false);
    },
  );

  it('tells the older management paths from the client API by their Basic credentials', () => {
    expect(surfaceFor(at('/v2/meetings', 'api.meet.example.com', 'Basic YTpi'), BASE)).toBe('managementApi');
    expect(surfaceFor(at('/v2/meetings', 'api.meet.example.com', 'basic'), BASE)).toBe('managementApi');
    expect(surfaceFor(at('/v2/meetings', 'api.meet.example.com', 'Bearer t'), BASE)).toBe('clientApi');
  });

  it('opens the socket under its own name and by path', () => {
    expect(isSocketTarget(at('/ws', 'socket-edge.meet.example.com:8443'), BASE)).toBe(true);
    expect(isSocketTarget(at('/ws', '127.0.0.1:8080'), BASE)).toBe(true);
    expect(isSocketTarget(at('/ws', 'api.meet.example.com:8443'), BASE)).toBe(false);
    expect(isSocketTarget(at('/wss'), BASE)).toBe(false);
  });
});
