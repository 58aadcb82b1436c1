import { availableParallelism, networkInterfaces } from 'node:os';
import { integer, ipv4List, matching, turnUrls } from '../parsers.js';
import type { Rows } from '../setting.js';

/** IPv4 addresses of this machine in its networks. */
const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);

/** How audio and video reach the browsers. */
export const MEDIA = {
  mediaIps: {
    env: 'PARLEY_MEDIA_IP',
    // Firefox sends nothing to loopback, and reaches the same machine by its address in the network.
    default: () => ['127.0.0.1', ...ownAddresses().slice(0, 1)],
    shownDefault: '127.0.0.1 and this machine’s own address',
    parse: ipv4List,
    reason:
      'IPv4 addresses, with commas between them, that browsers send audio and video to. On a server: its public address.',
  },
  mediaWorkers: {
    env: 'PARLEY_MEDIA_WORKERS',
    default: () => availableParallelism(),
    shownDefault: 'one per processor core',
    parse: integer(1, 256),
    reason: 'Processes that forward audio and video, each with one UDP port.',
  },
  turnUrls: {
    env: 'PARLEY_TURN_URLS',
    default: [],
    shownDefault: 'none',
    parse: turnUrls,
    reason:
      'TURN servers for browsers that UDP cannot reach, parted by commas: `turn:turn.example.com:3478`.',
  },
  turnSecret: {
    env: 'PARLEY_TURN_SECRET',
    default: null,
    shownDefault: 'none',
    parse: matching(/^\S+$/, 'must not contain spaces'),
    reason:
      'The secret shared with the TURN servers (`static-auth-secret` of coturn); credentials made from it expire.',
  },
} satisfies Partial<Rows>;
