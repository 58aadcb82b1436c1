import { SOCKET_PATH } from '@parley/wire';
import type { Hono } from 'hono';
import { type SdkHostPrefix, sdkHostOf } from '../config/sdk-hosts.js';

/** The parts of the server that answer HTTP requests; each is a Hono app that knows its paths from the root. */
export interface Surfaces {
  /** Health, readiness, metrics, the webhooks' public key. */
  operations: Hono;
  /** What the SDK calls, and what players of livestreams load. */
  clientApi: Hono;
  /** What backends call, also under its older paths. */
  managementApi: Hono;
  /** Where the SDK drops statistics and logs, and asks where it is. */
  telemetry: Hono;
  /** The meeting page and the recorder's. */
  pages: Hono;
}

export type SurfaceName = keyof Surfaces;

interface Route {
  /** One of the SDK's hosts below the base domain; `any` also stands for every other name and bare addresses. */
  host: SdkHostPrefix | 'any';
  path: RegExp;
  /** Only requests with such credentials. */
  credentials?: 'basic';
  surface: SurfaceName;
}

/**
 * Where a request goes: the first row whose host and path fit. Hosts are told apart on the TLS port and on the plain
 * one alike, so that a reverse proxy that keeps the `Host` header may end TLS. Requests to open the socket do not
 * pass here: `GET /ws` with an upgrade goes to the socket edge under `socket-edge.` and under every other name but
 * the SDK's other five (`listeners.ts`).
 */
const ROUTES: readonly Route[] = [
  { host: 'location', path: /^\//, surface: 'telemetry' },
  { host: 'location-legacy', path: /^\//, surface: 'telemetry' },
  { host: 'da-collector', path: /^\//, surface: 'telemetry' },
  { host: 'api-silos', path: /^\//, surface: 'telemetry' },
  { host: 'any', path: /^\/(healthz|readyz|metrics)$/, surface: 'operations' },
  { host: 'any', path: /^\/\.well-known\/webhooks\.json$/, surface: 'operations' },
  { host: 'any', path: /^\/(client\/v4|accounts)(\/|$)/, surface: 'managementApi' },
  { host: 'any', path: /^\/openapi\.json$/, surface: 'managementApi' },
  { host: 'any', path: /^\/v2\//, credentials: 'basic', surface: 'managementApi' },
  { host: 'any', path: /^\/v2\//, surface: 'clientApi' },
  { host: 'any', path: /^\/iceservers$/, surface: 'clientApi' },
  { host: 'any', path: /^\/live\//, surface: 'clientApi' },
  // The meeting page on the plain port, and proxies that route by path, have no host names to tell these apart.
  {
    host: 'any',
    path: /^\/(otel\/logs|api\/v1\/message|location|location-legacy)\/?$/,
    surface: 'telemetry',
  },
  { host: 'any', path: /^\/(meet|record|assets)(\/|$)/, surface: 'pages' },
];

/** What the choice of a route looks at. */
export interface RequestTarget {
  path: string;
  hostHeader: string | undefined;
  authorization: string | undefined;
}

/** Null when nothing is served there. */
export function surfaceFor(target: RequestTarget, baseDomain: string): SurfaceName | null {
  const host = sdkHostOf(target.hostHeader, baseDomain);
  const route = ROUTES.find(
    (row) =>
      (row.host === 'any' || row.host === host) &&
      row.path.test(target.path) &&
      (row.credentials !== 'basic' || /^basic\b/i.test(target.authorization ?? '')),
  );
  return route?.surface ?? null;
}

/** Whether an upgrade request asks for the participants' socket. */
export function isSocketTarget(target: RequestTarget, baseDomain: string): boolean {
  const host = sdkHostOf(target.hostHeader, baseDomain);
  return target.path === SOCKET_PATH && (host === null || host === 'socket-edge');
}
