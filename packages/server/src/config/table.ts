import { availableParallelism, networkInterfaces } from 'node:os';
import {
  baseDomain,
  integer,
  ipv4List,
  matching,
  mimeTypes,
  oneOf,
  onOff,
  type Parser,
  path,
  port,
  postgresUrl,
  turnUrls,
} from './parsers.js';
import { LOG_LEVELS, type Settings } from './settings.js';

export interface Setting<T> {
  /** Name in the environment. The flag is the same in small letters without `PARLEY_`: `--http-port`. */
  env: string;
  /** A value, or what follows from the settings that stand above. */
  default: T | ((above: Settings) => T);
  /** The default as the manual says it, where the value alone would not do. */
  shownDefault?: string;
  parse: Parser<T>;
  /** For the manual: what it does and why one would change it. */
  reason: string;
}

const KIB = 1024;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** IPv4 addresses of this machine in its networks. */
const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);

/** The manual of the settings, in its order; `docs/configuration.md` is made from it. */
export const SETTINGS: { [Name in keyof Settings]: Setting<Settings[Name]> } = {
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
  logLevel: {
    env: 'PARLEY_LOG_LEVEL',
    default: 'info',
    parse: oneOf(LOG_LEVELS),
    reason: 'Least level that is written; lines are JSON on the standard error output.',
  },
  webhookAllowPrivate: {
    env: 'PARLEY_WEBHOOK_ALLOW_PRIVATE',
    default: (above) => LOOPBACK.test(above.host) && /^localhost(:|$)/.test(above.baseDomain),
    shownDefault: '1 when host and base domain are local, else 0',
    parse: onOff,
    reason:
      'Whether webhooks may go to addresses of the private and local network. Keep it off where others may create webhooks.',
  },
  storageAllowPrivate: {
    env: 'PARLEY_STORAGE_ALLOW_PRIVATE',
    default: (above) => above.webhookAllowPrivate,
    shownDefault: 'as `PARLEY_WEBHOOK_ALLOW_PRIVATE`',
    parse: onOff,
    reason:
      'Whether recordings may be uploaded to storages in the private and local network, such as a server of your own beside this one.',
  },
  storageKey: {
    env: 'PARLEY_STORAGE_KEY',
    default: null,
    shownDefault: 'made at the first start, in the data folder',
    parse: matching(/^[0-9a-f]{64}$/, 'is not a key of 32 bytes as 64 hexadecimal digits in small letters'),
    reason:
      'The key that seals the secrets of storages in the database. With the key of the data folder, keep `storage.key` with every copy of the database.',
  },
  maxConnections: {
    env: 'PARLEY_MAX_CONNECTIONS',
    default: 20_000,
    parse: integer(10, 1_000_000),
    reason:
      'Most connections of each port, sockets of participants included; further ones are closed at once.',
  },
  reconnectGraceMs: {
    env: 'PARLEY_RECONNECT_GRACE_MS',
    default: 30_000,
    parse: integer(1_000, 600_000),
    reason:
      'How long a peer whose connection broke keeps its place in the session and its media, before the others are told that it left.',
  },
  chatFileMaxBytes: {
    env: 'PARLEY_CHAT_FILE_MAX_BYTES',
    default: 25 * 1024 * KIB,
    parse: integer(KIB, 1024 * 1024 * KIB),
    reason: 'Largest file that may be sent in chat; a larger one is answered with 413.',
  },
  chatFilesMaxTotalBytes: {
    env: 'PARLEY_CHAT_FILES_MAX_TOTAL_BYTES',
    default: 20 * 1024 * 1024 * KIB,
    parse: integer(1024 * KIB, 1024 ** 3 * KIB),
    reason: 'Room for all files sent in chat together; without room, uploads are answered with 503.',
  },
  chatFileTypes: {
    env: 'PARLEY_CHAT_FILE_TYPES',
    default: [
      'image/*',
      'audio/*',
      'video/*',
      'text/plain',
      'text/csv',
      'text/markdown',
      'application/pdf',
      'application/zip',
      'application/json',
      'application/msword',
      'application/vnd.*',
      'application/octet-stream',
    ],
    shownDefault:
      'image/*, audio/*, video/*, application/vnd.* (office files), plain text, CSV, Markdown, PDF, ZIP, JSON, DOC and files of no known type',
    parse: mimeTypes,
    reason:
      'MIME types of the files that may be sent in chat, parted by commas; a `*` at the end stands for anything. Whatever is taken, browsers are told to save it, pictures apart.',
  },
  chatRetentionDays: {
    env: 'PARLEY_CHAT_RETENTION_DAYS',
    default: 7,
    parse: integer(1, 3650),
    reason:
      'How long the messages of an ended session, and files sent in chat, are kept. Those of meetings with `persist_chat` are kept without end.',
  },
  recordingRetentionDays: {
    env: 'PARLEY_RECORDING_RETENTION_DAYS',
    default: 7,
    parse: integer(1, 3650),
    reason: 'How long the files of a recording are kept in the data folder, and their links work.',
  },
  recordingEmptySeconds: {
    env: 'PARLEY_RECORDING_EMPTY_SECONDS',
    default: 60,
    parse: integer(1, 600),
    reason: 'How long a recording goes on when everybody has left, before it stops by itself.',
  },
  rtmpsPort: {
    env: 'PARLEY_RTMPS_PORT',
    default: null,
    shownDefault: 'none',
    parse: port,
    reason:
      'TCP port for encoders (OBS, ffmpeg) that send a livestream by RTMPS, for example 1936. It shows the certificate of the TLS port. Without this one and the next there are no livestreams of their own and no `manual_ingest`.',
  },
  rtmpPort: {
    env: 'PARLEY_RTMP_PORT',
    default: null,
    shownDefault: 'none',
    parse: port,
    reason:
      'The same by RTMP, usually 1935. RTMP is not encrypted: who can listen on the way learns the stream key. With both, `ingest_server` says the RTMPS one.',
  },
  livestreamWindowSeconds: {
    env: 'PARLEY_LIVESTREAM_WINDOW_SECONDS',
    default: 300,
    parse: integer(20, 3_600),
    reason:
      'How far the viewers of a livestream can seek back, and how long it can be watched after its end. Twice as much is kept in the data folder while it runs.',
  },
  webhookStreamKey: {
    env: 'PARLEY_WEBHOOK_STREAM_KEY',
    default: true,
    shownDefault: '1',
    parse: onOff,
    reason: 'Whether `livestreaming.statusUpdate` says the stream key; with 0 the field is empty.',
  },
  recordersMax: {
    env: 'PARLEY_RECORDERS_MAX',
    default: () => availableParallelism() * 2,
    shownDefault: 'two per processor core',
    parse: integer(0, 256),
    reason:
      'Recordings by a browser and livestreams that may run at once; a further start is answered with 503. 0 switches them off.',
  },
  recordersReady: {
    env: 'PARLEY_RECORDERS_READY',
    default: 3,
    parse: integer(0, 64),
    reason:
      'Browsers that are kept ready for the next recordings, so that as many that are started at the same time begin about three times as quickly. Each takes about 300 MB of memory and 1 % of a processor core; 0 saves that.',
  },
  recorderReadyMinutes: {
    env: 'PARLEY_RECORDER_READY_MINUTES',
    default: 15,
    parse: integer(0, 10_080),
    reason:
      'How long browsers are kept ready after the last recording has begun. Nothing runs before the first recording; with 0 nothing is kept ready.',
  },
  recorderProgram: {
    env: 'PARLEY_RECORDER',
    default: null,
    shownDefault: "Parley's own",
    parse: path,
    reason:
      'A Node program in place of the recorder, for one that runs elsewhere, as in a container. It speaks the messages of `packages/recorder/src/contract.ts`.',
  },
  chromium: {
    env: 'PARLEY_CHROMIUM',
    default: null,
    shownDefault: '`chromium` or Chrome of the `PATH`',
    parse: path,
    reason: 'The browser that recordings and livestreams are made with.',
  },
  ffmpeg: {
    env: 'PARLEY_FFMPEG',
    default: null,
    shownDefault: '`ffmpeg` of the `PATH`',
    parse: path,
    reason: 'The encoder that recordings and livestreams are made with.',
  },
  apiRequestsPer5Minutes: {
    env: 'PARLEY_API_REQUESTS_PER_5_MINUTES',
    default: 350_000,
    parse: integer(0, 1_000_000_000),
    reason:
      'Requests of one API token to the management API, at once or spread over five minutes; further ones are answered with 429. The default only stops what runs wild; the live service allows 3,500. 0 means no limit.',
  },
  recordingRequestsPer50Seconds: {
    env: 'PARLEY_RECORDING_REQUESTS_PER_50_SECONDS',
    default: 100_000,
    parse: integer(0, 1_000_000_000),
    reason: 'The same for requests about recordings; the live service allows 1,000.',
  },
  maxBodyBytes: {
    env: 'PARLEY_MAX_BODY_BYTES',
    default: 1024 * KIB,
    parse: integer(KIB, 64 * 1024 * KIB),
    reason: 'Largest body of a request; a larger one is answered with 413.',
  },
  maxHeaderBytes: {
    env: 'PARLEY_MAX_HEADER_BYTES',
    default: 16 * KIB,
    parse: integer(4 * KIB, 64 * KIB),
    reason: 'Largest sum of the headers of a request; a larger one is answered with 431.',
  },
  headersTimeoutMs: {
    env: 'PARLEY_HEADERS_TIMEOUT_MS',
    default: 10_000,
    parse: integer(1000, 120_000),
    reason:
      'Time that a client may take to send the headers of a request, against clients that send slowly on purpose.',
  },
  requestTimeoutMs: {
    env: 'PARLEY_REQUEST_TIMEOUT_MS',
    default: 30_000,
    parse: integer(1000, 600_000),
    reason: 'Time that a client may take to send a whole request.',
  },
};
