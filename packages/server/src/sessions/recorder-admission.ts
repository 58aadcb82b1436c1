import type { Permissions } from '@parley/core';
import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import { ApiError } from '../http/errors.js';
import { asRecorder, RECORDER_PRESET_ID, RECORDER_PRESET_NAME, recorderPreset } from '../presets/recorder.js';
import type { PresetConfig, PresetPermissions } from '../presets/schema.js';
import type { ParticipantClaims } from '../tokens/participant-tokens.js';
import type { Admission } from './meeting-info.js';

/**
 * Who a recorder is, which stands in no list of participants and is admitted as long as its recording runs
 * (features.md RC34, RC36). Null when the token is none of a recorder; throws 404 `token_revoked` when the recording
 * is over.
 */
export async function findRecorder(
  db: Kysely<Database>,
  claims: ParticipantClaims,
): Promise<Pick<Admission, 'participant' | 'preset'> | null> {
  const row = await db
    .selectFrom('recordings')
    .leftJoin('presets', (join) =>
      join.onRef('presets.app_id', '=', 'recordings.app_id').on('presets.name', '=', RECORDER_PRESET_NAME),
    )
    .select([
      'recordings.id as recording_id',
      'recordings.status as recording_status',
      'recordings.recorder_id',
      'recordings.app_id',
      'recordings.meeting_id',
      'presets.id as preset_id',
      'presets.config',
      'presets.permissions',
      'presets.ui',
    ])
    .where('recordings.recorder_id', '=', claims.participantId)
    .executeTakeFirst();
  if (!row || row.app_id !== claims.orgId || row.meeting_id !== claims.meetingId) return null;
  if (!['INVOKED', 'RECORDING', 'PAUSED'].includes(row.recording_status)) {
    throw new ApiError(404, 'The recording is over and the token revoked', undefined, 'token_revoked');
  }
  const permissions = (row.permissions as PresetPermissions | null) ?? recorderPreset.permissions;
  return {
    participant: {
      id: row.recorder_id,
      customParticipantId: row.recording_id,
      name: 'Recorder',
      picture: null,
    },
    preset: {
      id: row.preset_id ?? RECORDER_PRESET_ID,
      name: RECORDER_PRESET_NAME,
      config: (row.config as PresetConfig | null) ?? recorderPreset.config,
      permissions: asRecorder(permissions) as Permissions,
      ui: row.ui ?? recorderPreset.ui,
    },
  };
}
