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

/** What Chromium asks for itself at its start, whatever page is open, in spite of every switch against it. */
const HOSTS_OF_CHROMIUM = [
  'accounts.google.com',
  'clients2.google.com',
  'content-autofill.googleapis.com',
  'optimizationguide-pa.googleapis.com',
  'update.googleapis.com',
];

/**
 * Every host that Chromium looked up or asked for something on behalf of pages, preconnects included, which no
 * request listener sees. Names of loopback are left out.
 */
export function outsideHostsOf(netLogPath: string): string[] {
  const log: NetLog = JSON.parse(readFileSync(netLogPath, 'utf8'));
  const types = new Set(EVENTS_WITH_HOST.map((name) => log.constants.logEventTypes[name]));
  const hosts = log.events
    .filter(({ type }) => types.has(type))
    .map(({ params }) => hostOf(params?.host ?? params?.url))
    .filter((host) => host !== undefined);
  return [...new Set(hosts)].filter((host) => !isLoopback(host) && !HOSTS_OF_CHROMIUM.includes(host));
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
