import { readFileSync } from 'node:fs';

interface NetLog {
  constants: { logEventTypes: Record<string, number> };
  events: { type: number; params?: Record<string, unknown> }[];
}

/** Kinds of events that name a host before a byte leaves the machine. */
const EVENTS_WITH_HOST = [
  'HOST_RESOLVER_MANAGER_REQUEST',
  'HOST_RESOLVER_MANAGER_JOB',
  'URL_REQUEST_START_JOB',
];

/**
 * Every host that Chromium looked up or asked for something, preconnects included, which no request listener
 * sees. Names of loopback are left out.
 */
export function outsideHostsOf(netLogPath: string): string[] {
  const log: NetLog = JSON.parse(readFileSync(netLogPath, 'utf8'));
  const types = new Set(EVENTS_WITH_HOST.map((name) => log.constants.logEventTypes[name]));
  const hosts = log.events
    .filter(({ type }) => types.has(type))
    .map(({ params }) => hostOf(params?.host ?? params?.url))
    .filter((host) => host !== undefined);
  return [...new Set(hosts)].filter((host) => !isLoopback(host));
}

function hostOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const address = /^[a-z]+:/.test(value) && URL.canParse(value) ? new URL(value) : undefined;
  if (address && !['http:', 'https:', 'ws:', 'wss:'].includes(address.protocol)) return undefined;
  return address?.hostname || value.replace(/:\d+$/, '');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host.startsWith('127.') || host === '[::1]';
}
