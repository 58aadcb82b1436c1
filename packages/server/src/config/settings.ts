/**
 * Everything that can be set, as the rest of the server reads it. Names, defaults and reasons of the single
 * settings stand in `table/`; a new setting needs a line here and a row there, and the compiler asks for both.
 */
export interface Settings {
  httpPort: number;
  httpsPort: number;
  /** Address that both ports listen on. */
  host: string;
  /** What an app gives to the SDK as `baseURI`; host name with an optional port (features.md S20). */
  baseDomain: string;
  /** Absolute path. */
  dataDir: string;
  /** Null means the embedded Postgres of the data directory. */
  databaseUrl: string | null;
  databaseConnections: number;
  apiToken: string | null;
  accountId: string | null;
  /** IPv4 address that the media workers announce to browsers. */
  mediaIps: string[];
  mediaWorkers: number;
  /** Paths of PEM files; both or neither. */
  tlsCert: string | null;
  tlsKey: string | null;
  turnUrls: string[];
  turnSecret: string | null;
  logLevel: LogLevel;
  webhookAllowPrivate: boolean;
  storageAllowPrivate: boolean;
  /** 32 bytes in hex; null means the key of the data directory. */
  storageKey: string | null;
  /** Of each port. */
  maxConnections: number;
  /** How long a peer whose socket was lost keeps its place and its media. */
  reconnectGraceMs: number;
  /** Of one file that is sent in chat. */
  chatFileMaxBytes: number;
  /** Of all such files together. */
  chatFilesMaxTotalBytes: number;
  /** MIME types in small letters; one that ends in `*` stands for all that begin like it. */
  chatFileTypes: string[];
  chatRetentionDays: number;
  /** Of the files in the own store. */
  recordingRetentionDays: number;
  /** How long a recording goes on when nobody is in the session. */
  recordingEmptySeconds: number;
  /** Where encoders send to, plainly and by TLS; null for no such port. */
  rtmpPort: number | null;
  rtmpsPort: number | null;
  /** How far the viewers of a livestream can seek back. */
  livestreamWindowSeconds: number;
  /** Whether webhooks about livestreams say the stream key. */
  webhookStreamKey: boolean;
  /** Recordings by a browser and livestreams that run at once. */
  recordersMax: number;
  /** How many recorders are kept ready for the next recordings. */
  recordersReady: number;
  /** How long they are kept ready after the last recording has begun; 0 for not at all. */
  recorderReadyMinutes: number;
  /** Absolute path of a program in place of Parley's own recorder; it obeys the same contract. */
  recorderProgram: string | null;
  /** Absolute paths; null means to look for them where programs are. */
  chromium: string | null;
  ffmpeg: string | null;
  /** For each API token; 0 for no limit. */
  apiRequestsPer5Minutes: number;
  recordingRequestsPer50Seconds: number;
  maxBodyBytes: number;
  maxHeaderBytes: number;
  headersTimeoutMs: number;
  requestTimeoutMs: number;
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
