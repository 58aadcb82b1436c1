import type { NewRecording } from '@parley/core';
import { v7 as newId } from 'uuid';
import { ApiError } from '../http/errors.js';
import type { MeetingId, ParticipantId } from '../ids.js';
import type { SealedStorage } from '../storage/sealing.js';

/** What a recorder is to make and where it goes, settled when the recording is invoked; kept with its row. */
export type RecordingOrder = BrowserOrder | TrackOrder;

interface AnyOrder {
  /** With its ending; the pattern of the names for a track recording. */
  outputFileName: string;
  /** Who the recorder is in the session. */
  recorderId: ParticipantId;
  /** Whether the own store keeps the files for download (features.md RC26, RC27). */
  ownStore: boolean;
  /** A storage of the customer's, its secrets sealed (features.md RC28, RC29, SE09). */
  storage: SealedStorage | null;
}

export interface BrowserOrder extends AnyOrder {
  type: 'BROWSER';
  /** Null for sound alone (features.md RC23). */
  video: VideoOrder | null;
  audio: { codec: 'AAC' | 'MP3'; channel: 'stereo' | 'mono'; exportFile: boolean };
  watermark: Watermark | null;
  rtmpUrls: string[];
  /** A recording app of the customer's; null for our own page (features.md RC35). */
  url: string | null;
  /** Why nothing can come of it, where nobody could be told when it was invoked. */
  problem?: string;
}

export interface VideoOrder {
  codec: 'H264' | 'VP8';
  width: number;
  height: number;
  exportFile: boolean;
  /** A tar of HLS segments with timed metadata in place of one file (features.md RC40); absent for false. */
  interactive?: boolean;
}

/** As the start call gave it; the recording app puts it into the picture (features.md RC24, RC37). */
interface Watermark {
  url?: string;
  position?: string;
  size?: { width?: number; height?: number };
}

export interface TrackOrder extends AnyOrder {
  type: 'TRACK';
  /** By name (features.md RC50). */
  layers: Record<string, { fileNamePrefix: string }>;
  /** Null for everybody. */
  participantIds: ParticipantId[] | null;
}

/** What a start call and a meeting's `recording_config` may say, in the API's own words (features.md RC03, RC31). */
export interface RecordingSettings {
  file_name_prefix?: string;
  max_seconds?: number;
  video_config?: {
    codec?: 'H264' | 'VP8' | 'VP9';
    width?: number;
    height?: number;
    export_file?: boolean;
    watermark?: Watermark;
  };
  audio_config?: { codec?: 'AAC' | 'MP3'; channel?: 'stereo' | 'mono'; export_file?: boolean };
  storage_config?: SealedStorage | null;
  realtimekit_bucket_config?: { enabled: boolean };
  rtmp_out_config?: { rtmp_url?: string };
  live_streaming_config?: { rtmp_url?: string };
  interactive_config?: { type: 'ID3' };
  url?: string;
}

/** features.md RC11. */
const MAX_SECONDS_DEFAULT = 86_400;
const WIDTH_DEFAULT_PX = 1280;
const HEIGHT_DEFAULT_PX = 720;
const ENDINGS = { H264: 'mp4', VP8: 'webm', AAC: 'm4a', MP3: 'mp3' } as const;

/**
 * A recording by a recorder in a browser. Each setting comes from the call, else from the defaults of the meeting and
 * its app (features.md RC30). Throws ApiError 400 naming the field that cannot be met.
 */
export function browserRecording(
  meetingId: MeetingId,
  call: RecordingSettings,
  defaults: RecordingSettings,
  now: Date,
): NewRecording {
  const settings: RecordingSettings = { ...defaults, ...withoutUndefined(call) };
  requireAvailable(settings);
  const { video_config: video, audio_config: audio } = settings;
  const recordsVideo = video !== undefined || audio === undefined;
  const codec = video?.codec === 'VP8' ? 'VP8' : 'H264';
  const audioCodec = audio?.codec ?? 'AAC';
  const interactive = settings.interactive_config !== undefined;
  const ending = interactive ? 'tar' : ENDINGS[recordsVideo ? codec : audioCodec];
  const order: BrowserOrder = {
    type: 'BROWSER',
    outputFileName: `${fileName(meetingId, settings, now)}.${ending}`,
    recorderId: newId() as ParticipantId,
    video: recordsVideo
      ? {
          codec,
          width: video?.width ?? WIDTH_DEFAULT_PX,
          height: video?.height ?? HEIGHT_DEFAULT_PX,
          exportFile: video?.export_file ?? true,
          ...(interactive && { interactive }),
        }
      : null,
    audio: {
      codec: audioCodec,
      channel: audio?.channel ?? 'stereo',
      // The file of the sound alone is made for those who speak of it (features.md RC22).
      exportFile: audio !== undefined && (audio.export_file ?? true),
    },
    watermark: video?.watermark ?? null,
    rtmpUrls: [settings.rtmp_out_config, settings.live_streaming_config].flatMap(
      (config) => config?.rtmp_url ?? [],
    ),
    url: settings.url ?? null,
    ownStore: settings.realtimekit_bucket_config?.enabled ?? true,
    storage: settings.storage_config ?? null,
  };
  requireSense(order);
  const maxMs = (settings.max_seconds ?? MAX_SECONDS_DEFAULT) * 1000;
  return { id: newId(), type: 'BROWSER', maxMs, order, ...(interactive && { interactive }) };
}

/**
 * The recording that a meeting wants with its session. Nobody is there to be refused, so what cannot be met becomes
 * the reason why the recording fails.
 */
export function recordingOnStart(meetingId: MeetingId, defaults: RecordingSettings, now: Date): NewRecording {
  try {
    return browserRecording(meetingId, {}, defaults, now);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const recording = browserRecording(meetingId, {}, {}, now);
    return { ...recording, order: { ...recording.order, problem: error.message } };
  }
}

/** `<meeting id>_<Unix ms>` with the prefix in front (features.md RC25). */
function fileName(meetingId: MeetingId, { file_name_prefix }: RecordingSettings, now: Date): string {
  const base = `${meetingId}_${now.getTime()}`;
  return file_name_prefix === undefined ? base : `${file_name_prefix}_${base}`;
}

function requireAvailable({ video_config, audio_config, interactive_config }: RecordingSettings): void {
  if (video_config?.codec === 'VP9') {
    throw ApiError.badRequest('video_config.codec', 'must be one of [H264, VP8]: VP9 is not recorded here');
  }
  if (!interactive_config) return;
  if (video_config ? video_config.export_file === false : audio_config) {
    throw ApiError.badRequest('interactive_config', 'is not allowed where no video is exported');
  }
  if (video_config?.codec === 'VP8') {
    throw ApiError.badRequest('video_config.codec', 'must be H264 with interactive_config');
  }
}

/** A recording that would leave nothing behind is no recording (features.md RC27). */
function requireSense({ video, audio, rtmpUrls, ownStore, storage }: BrowserOrder): void {
  if (rtmpUrls.length > 0) return;
  if (!video?.exportFile && !audio.exportFile) {
    const field = video ? 'video_config.export_file' : 'audio_config.export_file';
    throw ApiError.badRequest(field, 'must be true where nothing else is exported');
  }
  if (!ownStore && storage === null) {
    throw ApiError.badRequest(
      'realtimekit_bucket_config.enabled',
      'must be true where no storage_config is given',
    );
  }
}

const withoutUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
