import { type Kysely, sql } from 'kysely';
import type { Database } from '../database/tables.js';
import type { StorageConfig } from './config.js';
import type { SecretBox } from './sealing.js';

/** Seals the storages of meetings that an earlier version kept in the clear; a migration has no key to do it with. */
export async function sealStoredMeetings(db: Kysely<Database>, secrets: SecretBox): Promise<void> {
  const rows = await db
    .selectFrom('meetings')
    .select(['id', sql<StorageConfig>`recording_config -> 'storage_config'`.as('storage')])
    .where(sql<boolean>`jsonb_typeof(recording_config -> 'storage_config') = 'object'`)
    .where(sql<boolean>`not (recording_config -> 'storage_config' ? 'sealed')`)
    .execute();
  for (const { id, storage } of rows) {
    const sealed = JSON.stringify(secrets.sealStorage(storage));
    await db
      .updateTable('meetings')
      .set({
        recording_config: sql<string>`jsonb_set(recording_config, '{storage_config}', ${sealed}::jsonb)`,
      })
      .where('id', '=', id)
      .execute();
  }
}
