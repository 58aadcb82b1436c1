import { z } from '@hono/zod-openapi';
import { pagingQuery } from '../../http/pagination.js';
import { queryBoolean, queryList, querySearch, queryTime, sortOrder } from '../../http/query.js';
import type { RecordingStart } from '../../recordings/recordings.js';
import { storageConfig, storageConfigView } from '../../storage/config.js';
import { isoTime, uuid } from './envelope.js';
import { meetingListItem } from './meetings.js';
import {
  audioConfig,
  bucketConfig,
  checkCodecs,
  fileNamePrefix,
  maxSeconds,
  videoConfig,
} from './recording-config.js';

const URL_MAX_CHARS = 2048;
const LAYERS_MAX = 16;
/** features.md N10. */
const TRACK_USERS_MAX = 100;

const STATUSES = ['INVOKED', 'RECORDING', 'UPLOADING', 'UPLOADED', 'ERRORED', 'PAUSED'] as const;

export const recordingList = z.strictObject({
  ...pagingQuery,
  meeting_id: z.guid().optional(),
  expired: queryBoolean.optional(),
  search: querySearch.optional(),
  sort_by: z.literal('invokedTime').optional(),
  sort_order: sortOrder.optional(),
  start_time: queryTime.optional(),
  end_time: queryTime.optional(),
  status: queryList(STATUSES).optional(),
  'status[]': queryList(STATUSES).optional(),
});

export type RecordingFilter = z.infer<typeof recordingList>;

const rtmpConfig = z.strictObject({ rtmp_url: z.url().max(URL_MAX_CHARS) });

/** Body of a start; both spellings of two fields are in use (features.md CF06, CF09). */
export const newRecording = z
  .strictObject({
    meeting_id: z.guid(),
    allow_multiple_recordings: z.boolean().default(false),
    allow_multiple_recording: z.boolean().optional(),
    file_name_prefix: fileNamePrefix.optional(),
    max_seconds: maxSeconds.optional(),
    video_config: videoConfig.optional(),
    audio_config: audioConfig.optional(),
    storage_config: storageConfig.nullable().optional(),
    realtimekit_bucket_config: bucketConfig.optional(),
    rtmp_out_config: rtmpConfig.optional(),
    live_streaming_config: rtmpConfig.optional(),
    interactive_config: z.strictObject({ type: z.literal('ID3').default('ID3') }).optional(),
    url: z.url().max(URL_MAX_CHARS).optional(),
  })
  .superRefine(checkCodecs);

/** The start as the recordings take it, whichever spelling was used. */
export function settingsOf(
  body: z.infer<typeof newRecording>,
): Pick<RecordingStart, 'settings' | 'allowMultiple'> {
  const { meeting_id: _, allow_multiple_recordings, allow_multiple_recording, ...settings } = body;
  return {
    settings,
    allowMultiple: allow_multiple_recordings || allow_multiple_recording === true,
  };
}

const caller = z.object({
  type: z.enum(['ORGANIZATION', 'USER']),
  user_Id: uuid.optional(),
  name: z.string().optional(),
});

/** rest-api.md 1.8.1; `type`, `start_delay`, `gaps`, `err_message` and `stop_reason.detail` are additions of ours. */
export const recordingView = z
  .object({
    id: uuid,
    meeting_id: uuid,
    session_id: uuid,
    type: z.enum(['BROWSER', 'TRACK', 'COMPOSITE']),
    status: z.enum(STATUSES),
    output_file_name: z.string(),
    download_url: z
      .union([
        z.string(),
        z.array(
          z.object({
            layer_name: z.string(),
            download_urls: z.record(
              z.string(),
              z.object({ download_url: z.string(), custom_participant_id: z.string().optional() }),
            ),
          }),
        ),
      ])
      .nullable(),
    audio_download_url: z.string().nullable(),
    download_url_expiry: isoTime.nullable(),
    file_size: z.int().nullable().openapi({ description: 'Bytes.' }),
    invoked_time: isoTime,
    started_time: isoTime.nullable(),
    stopped_time: isoTime.nullable(),
    recording_duration: z.int().optional().openapi({ description: 'Seconds, pauses left out.' }),
    storage_config: storageConfigView.nullable(),
    start_reason: z.object({ reason: z.enum(['API_CALL', 'RECORD_ON_START']), caller: caller.optional() }),
    stop_reason: z
      .object({
        reason: z.enum(['API_CALL', 'INTERNAL_ERROR', 'ALL_PEERS_LEFT']),
        caller: caller.optional(),
        detail: z.string().openapi({ description: 'What exactly happened.' }),
      })
      .optional(),
    start_delay: z
      .object({ seconds: z.number(), reason: z.string() })
      .optional()
      .openapi({ description: 'Why the recording began more than five seconds late, or has not begun yet.' }),
    gaps: z
      .array(z.object({ from: isoTime, to: isoTime, reason: z.string() }))
      .optional()
      .openapi({ description: 'Times in which the recorder was without its session.' }),
    err_message: z.string().optional().openapi({ description: 'Why the recording is ERRORED.' }),
  })
  .openapi('Recording');

export const listedRecording = recordingView.extend({ meeting: meetingListItem.optional() });

export const recordingAction = z.strictObject({ action: z.enum(['stop', 'pause', 'resume']) });

export const newTrackRecording = z.strictObject({
  meeting_id: z.guid(),
  layers: z
    .record(
      z.string(),
      z.strictObject({
        file_name_prefix: fileNamePrefix.optional(),
        media_kind: z.literal('audio').optional(),
      }),
    )
    .refine((layers) => Object.keys(layers).length <= LAYERS_MAX, `must have at most ${LAYERS_MAX} keys`)
    .optional(),
  user_ids: z.array(z.guid()).min(1).max(TRACK_USERS_MAX).optional(),
  max_seconds: maxSeconds.optional(),
});
