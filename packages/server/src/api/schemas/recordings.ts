import { z } from '@hono/zod-openapi';
import { pagingQuery } from '../../http/pagination.js';
import { queryBoolean, queryList, querySearch, queryTime, sortOrder } from '../../http/query.js';
import { storageConfig } from '../../storage/config.js';
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
    interactive_config: z.strictObject({ type: z.literal('ID3') }).optional(),
    url: z.url().max(URL_MAX_CHARS).optional(),
  })
  .superRefine(checkCodecs);

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
  user_ids: z.array(z.guid()).max(TRACK_USERS_MAX).optional(),
  max_seconds: maxSeconds.optional(),
});
