import { z } from '@hono/zod-openapi';
import { storageConfig, storageConfigView } from '../../storage/config.js';

/** How a meeting is recorded (rest-api.md 1.2.1, 1.8.2, 1.8.3). Only what the caller set is stored. */

const FILE_NAME_PREFIX_MAX_CHARS = 255;
const URL_MAX_CHARS = 2048;
const SIDE_MAX_PX = 1920;
const RECORDING_MIN_SECONDS = 60;
const RECORDING_MAX_SECONDS = 86_400;

export const maxSeconds = z.int().min(RECORDING_MIN_SECONDS).max(RECORDING_MAX_SECONDS);
export const fileNamePrefix = z
  .string()
  .min(1)
  .max(FILE_NAME_PREFIX_MAX_CHARS)
  .regex(/^\w+$/, 'must contain only letters, digits and underscores');

const videoSide = z.int().min(1).max(SIDE_MAX_PX);

export const videoConfig = z.strictObject({
  codec: z.enum(['H264', 'VP8', 'VP9']).optional(),
  width: videoSide.optional(),
  height: videoSide.optional(),
  export_file: z.boolean().optional(),
  watermark: z
    .strictObject({
      url: z.url().max(URL_MAX_CHARS).optional(),
      position: z.enum(['left top', 'right top', 'left bottom', 'right bottom']).optional(),
      size: z.strictObject({ width: videoSide.optional(), height: videoSide.optional() }).optional(),
    })
    .optional(),
});

export const audioConfig = z.strictObject({
  codec: z.enum(['MP3', 'AAC']).optional(),
  channel: z.enum(['mono', 'stereo']).optional(),
  export_file: z.boolean().optional(),
});

export const bucketConfig = z.strictObject({ enabled: z.boolean() });

const liveStreamingConfig = z.strictObject({ rtmp_url: z.url().max(URL_MAX_CHARS).optional() });

const recordingFields = {
  max_seconds: maxSeconds.optional(),
  file_name_prefix: fileNamePrefix.optional(),
  video_config: videoConfig.optional(),
  audio_config: audioConfig.optional(),
  realtimekit_bucket_config: bucketConfig.optional(),
  live_streaming_config: liveStreamingConfig.optional(),
};

/** Files with VP8 or VP9 get Vorbis sound, so another sound codec cannot be had (rest-api.md 1.8.2). */
export function checkCodecs(
  config: { video_config?: z.infer<typeof videoConfig>; audio_config?: z.infer<typeof audioConfig> },
  context: z.core.$RefinementCtx,
): void {
  const videoCodec = config.video_config?.codec;
  if (videoCodec && videoCodec !== 'H264' && config.audio_config?.codec) {
    context.addIssue({
      code: 'custom',
      path: ['audio_config', 'codec'],
      message: `is not allowed with the video codec ${videoCodec}`,
    });
  }
}

export const recordingConfig = z
  .strictObject({ ...recordingFields, storage_config: storageConfig.nullable().optional() })
  .superRefine(checkCodecs);
export type RecordingConfig = z.infer<typeof recordingConfig>;

export const recordingConfigView = z
  .object({
    ...recordingFields,
    storage_config: storageConfigView.openapi('StorageConfig').nullable().optional(),
  })
  .openapi('RecordingConfig');
export type RecordingConfigView = z.infer<typeof recordingConfigView>;
