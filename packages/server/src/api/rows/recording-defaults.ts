import type { Kysely } from 'kysely';
import type { Database } from '../../database/tables.js';
import type { AppId } from '../../ids.js';
import type { SecretBox } from '../../storage/sealing.js';
import type { RecordingConfig, RecordingConfigView } from '../schemas/recording-config.js';
import { type StoredRecordingConfig, sealed, withoutSecrets } from './recording-config.js';

export async function getRecordingDefaults(db: Kysely<Database>, appId: AppId): Promise<RecordingConfigView> {
  const { recording_config } = await db
    .selectFrom('apps')
    .select('recording_config')
    .where('id', '=', appId)
    .executeTakeFirstOrThrow();
  return withoutSecrets((recording_config ?? {}) as StoredRecordingConfig);
}

export async function replaceRecordingDefaults(
  { db, secrets }: { db: Kysely<Database>; secrets: SecretBox },
  appId: AppId,
  config: RecordingConfig,
): Promise<RecordingConfigView> {
  const stored = sealed(config, secrets);
  await db
    .updateTable('apps')
    .set({ recording_config: JSON.stringify(stored) })
    .where('id', '=', appId)
    .execute();
  return withoutSecrets(stored);
}
