import { type Kysely, type Migration, Migrator } from 'kysely';
import * as initial from './migrations/0001-initial.js';
import * as blocks from './migrations/0002-blocks.js';
import * as chatFiles from './migrations/0003-chat-files.js';
import * as meetingDoors from './migrations/0004-meeting-doors.js';
import * as meetingLimits from './migrations/0005-meeting-limits.js';
import * as recordings from './migrations/0006-recordings.js';
import * as connectedMeetings from './migrations/0007-connected-meetings.js';
import * as recordingDefaults from './migrations/0008-recording-defaults.js';
import * as endingInBulk from './migrations/0010-ending-in-bulk.js';
import * as livestreams from './migrations/0011-livestreams.js';
import * as recordingCues from './migrations/0012-recording-cues.js';
import * as webhookLeases from './migrations/0014-webhook-leases.js';
import * as recordingStartDelay from './migrations/0015-recording-start-delay.js';
import type { Database } from './tables.js';

/** In order of their names. Imported one by one, so that a bundled or moved server still finds them. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-blocks': blocks,
  '0003-chat-files': chatFiles,
  '0004-meeting-doors': meetingDoors,
  '0005-meeting-limits': meetingLimits,
  '0006-recordings': recordings,
  '0007-connected-meetings': connectedMeetings,
  '0008-recording-defaults': recordingDefaults,
  '0010-ending-in-bulk': endingInBulk,
  '0011-livestreams': livestreams,
  '0012-recording-cues': recordingCues,
  '0014-webhook-leases': webhookLeases,
  '0015-recording-start-delay': recordingStartDelay,
};

/**
 * Brings the tables up to date. Runs under Kysely's advisory lock, so that two servers that start at once do
 * not migrate twice. Throws the error of the first migration that failed; that one is rolled back.
 */
export async function migrate(db: Kysely<Database>): Promise<void> {
  const migrator = migratorOf(db);
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}

/** True when the database answers and every known migration has been applied; what `/readyz` asks. */
export async function isMigrated(db: Kysely<Database>): Promise<boolean> {
  return (await migratorOf(db).getMigrations()).every((migration) => migration.executedAt !== undefined);
}

/** A migration may have been written beside others and come in after them, also on databases that have those. */
const migratorOf = (db: Kysely<Database>) =>
  new Migrator({
    db,
    provider: { getMigrations: async () => MIGRATIONS },
    allowUnorderedMigrations: true,
  });
