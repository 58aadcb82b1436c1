import type { Permissions, RecorderType } from '@parley/core';
import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import { ApiError } from '../http/errors.js';
import { RUNNING } from '../livestreams/store.js';
import { asRecorder, RECORDER_PRESET_ID, RECORDER_PRESET_NAME, recorderPreset } from '../presets/recorder.js';
import type { PresetConfig, PresetPermissions } from '../presets/schema.js';
import type { ParticipantClaims } from '../tokens/participant-tokens.js';
import type { Admission } from './meeting-info.js';

/**
 * Who the recorder of a recording or of a livestream is, which stands in no list of participants and is admitted as
 * long as that runs (features.md RC34, RC36). Null when the token is none of a recorder; throws 404 `token_revoked` when the recording
 * is over.
 */
export async function findRecorder(
  db: Kysely<Database>,
  claims: ParticipantClaims,
): Promise<Pick<Admission, 'participant' | 'preset'> | null> {
  const row = (await findOfRecording(db, claims)) ?? (await findOfLivestream(db, claims));
  if (!row || row.app_id !== claims.orgId || row.meeting_id !== claims.meetingId) return null;
  if (!row.is_running) {
    throw new ApiError(404, 'The recording is over and the token revoked', undefined, 'token_revoked');
  }
  const permissions = (row.permissions as PresetPermissions | null) ?? recorderPreset.permissions;
  return {
    participant: {
      id: claims.participantId,
      customParticipantId: row.work_id,
      name: 'Recorder',
      picture: null,
    },
    preset: {
      id: row.preset_id ?? RECORDER_PRESET_ID,
      name: RECORDER_PRESET_NAME,
      config: (row.config as PresetConfig | null) ?? recorderPreset.config,
      permissions: asRecorder(permissions, row.recorder_type) as Permissions,
      ui: row.ui ?? recorderPreset.ui,
    },
  };
}

type Bot = Exclude<RecorderType, 'NONE'>;

const LOOK = ['presets.id as preset_id', 'presets.config', 'presets.permissions', 'presets.ui'] as const;

const findOfRecording = (db: Kysely<Database>, { participantId }: ParticipantClaims) =>
  db
    .selectFrom('recordings')
    .leftJoin('presets', (join) =>
      join.onRef('presets.app_id', '=', 'recordings.app_id').on('presets.name', '=', RECORDER_PRESET_NAME),
    )
    .select(['recordings.id as work_id', 'recordings.app_id', 'recordings.meeting_id', ...LOOK])
    .select((eb) => [
      eb('recordings.status', 'in', ['INVOKED', 'RECORDING', 'PAUSED']).as('is_running'),
      eb.val<Bot>('RECORDER').as('recorder_type'),
    ])
    .where('recordings.recorder_id', '=', participantId)
    .executeTakeFirst();

const findOfLivestream = (db: Kysely<Database>, { participantId }: ParticipantClaims) =>
  db
    .selectFrom('livestream_sessions as session')
    .innerJoin('livestreams', 'livestreams.id', 'session.livestream_id')
    .leftJoin('presets', (join) =>
      join.onRef('presets.app_id', '=', 'livestreams.app_id').on('presets.name', '=', RECORDER_PRESET_NAME),
    )
    .select(['session.id as work_id', 'livestreams.app_id', 'livestreams.meeting_id', ...LOOK])
    .select((eb) => [
      eb('session.status', 'in', RUNNING).as('is_running'),
      eb.val<Bot>('LIVESTREAMER').as('recorder_type'),
    ])
    .where('session.livestreamer_id', '=', participantId)
    .executeTakeFirst();
