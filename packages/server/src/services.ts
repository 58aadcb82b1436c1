import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from './clock.js';
import type { Settings } from './config/settings.js';
import type { Database } from './database/tables.js';
import type { Ingest } from './ingest/ingest.js';
import type { Livestreams } from './livestreams/livestreams.js';
import type { Recordings } from './recordings/recordings.js';
import type { SessionControl } from './sessions/control.js';
import type { SecretBox } from './storage/sealing.js';
import type { ParticipantTokens } from './tokens/participant-tokens.js';

/** What every request handler may reach; put together once in `server.ts`. */
export interface Services {
  settings: Settings;
  db: Kysely<Database>;
  clock: Clock;
  log: Logger;
  participantTokens: ParticipantTokens;
  /** Seals the secrets of storages before they are kept. */
  secrets: SecretBox;
  sessions: SessionControl;
  recordings: Recordings;
  livestreams: Livestreams;
  ingest: Pick<Ingest, 'cutOff'>;
}
