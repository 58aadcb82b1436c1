import { baseDomain, integer, matching, oneOf, path, port, postgresUrl } from '../parsers.js';
import type { Rows } from '../setting.js';
import { LOG_LEVELS } from '../settings.js';

/** Where the server listens, what it is called, and where it keeps what it has to keep. */
export const SERVER = {
  httpPort: {
    env: 'PARLEY_HTTP_PORT',
    default: 8080,
    parse: port,
    reason:
      'Plain HTTP: management API, health checks, metrics, and everything else by path for a reverse proxy.',
  },
  httpsPort: {
    env: 'PARLEY_HTTPS_PORT',
    default: 8443,
    parse: port,
    reason: 'TLS, which the SDK insists on: the same by host name and by path.',
  },
  host: {
    env: 'PARLEY_HOST',
    default: '127.0.0.1',
    parse: matching(/^[0-9A-Za-z.:-]+$/, 'is not an address to listen on'),
    reason: 'Address to listen on. `0.0.0.0` opens the server to the network.',
  },
  baseDomain: {
    env: 'PARLEY_BASE_DOMAIN',
    default: (above) => `localhost:${above.httpsPort}`,
    shownDefault: 'localhost:<https port>',
    parse: baseDomain,
    reason:
      'What an app gives to the SDK as `baseURI`. The SDK calls `api.<base>`, `socket-edge.<base>` and four more names below it, always by TLS.',
  },
  dataDir: {
    env: 'PARLEY_DATA_DIR',
    default: () => path('data'),
    shownDefault: './data',
    parse: path,
    reason:
      'Folder of everything that Parley keeps: the embedded Postgres, and the certificates made at the first start.',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    default: null,
    shownDefault: 'the embedded Postgres',
    parse: postgresUrl,
    reason:
      'Use this Postgres (15 or newer) instead. One server per database; a second one refuses to start.',
  },
  databaseConnections: {
    env: 'PARLEY_DATABASE_CONNECTIONS',
    default: 16,
    parse: integer(2, 90),
    reason: 'Upper bound of open database connections. Queries above it wait for a free one.',
  },
  apiToken: {
    env: 'PARLEY_API_TOKEN',
    default: null,
    shownDefault: 'made at the first start and shown once',
    parse: matching(/^[\x21-\x7e]{8,256}$/, 'is not a token of 8 to 256 visible ASCII characters'),
    reason:
      'A fixed token with the permission `Realtime Admin`, for automation. Accepted at the first start and later.',
  },
  accountId: {
    env: 'PARLEY_ACCOUNT_ID',
    default: null,
    shownDefault: 'made at the first start',
    parse: matching(/^[0-9A-Za-z_-]{1,64}$/, 'is not an id of 1 to 64 letters, digits, - and _'),
    reason: 'A fixed account id, for automation; the account is made when it does not exist.',
  },
  tlsCert: {
    env: 'PARLEY_TLS_CERT',
    default: null,
    shownDefault: 'made at the first start',
    parse: path,
    reason:
      'PEM file with a certificate chain of your own; it must name the base domain and `*.<base domain>`.',
  },
  tlsKey: {
    env: 'PARLEY_TLS_KEY',
    default: null,
    shownDefault: 'made at the first start',
    parse: path,
    reason: 'PEM file with the private key of `PARLEY_TLS_CERT`.',
  },
  logLevel: {
    env: 'PARLEY_LOG_LEVEL',
    default: 'info',
    parse: oneOf(LOG_LEVELS),
    reason: 'Least level that is written; lines are JSON on the standard error output.',
  },
} satisfies Partial<Rows>;
