import type { NewLivestream } from '@parley/core';
import { v7 as newId } from 'uuid';
import type { Settings } from '../config/settings.js';
import type { ParticipantId } from '../ids.js';
import { playbackUrl } from './addresses.js';
import type { LivestreamRow } from './store.js';

/** What a recorder is to make of a meeting for its viewers; kept with the row of the run. */
export interface LivestreamOrder {
  /** Who the recorder is in the session; null when an encoder of the customer's sends the picture. */
  livestreamerId: ParticipantId | null;
  /** In pixels. */
  video: { width: number; height: number };
  /** Sealed, for the webhooks. */
  streamKey: string;
}

/** What a start call may say (rest-api.md 1.9). */
export interface LivestreamSettings {
  name?: string | null;
  video_config?: { width?: number; height?: number };
}

const WIDTH_DEFAULT_PX = 1280;
const HEIGHT_DEFAULT_PX = 720;

/** A run of a livestream that is to be begun. */
export function newLivestream(
  row: LivestreamRow,
  { name, video_config: video }: LivestreamSettings,
  settings: Pick<Settings, 'baseDomain'>,
  manualIngest: boolean,
): NewLivestream {
  const order: LivestreamOrder = {
    livestreamerId: manualIngest ? null : (newId() as ParticipantId),
    video: { width: video?.width ?? WIDTH_DEFAULT_PX, height: video?.height ?? HEIGHT_DEFAULT_PX },
    streamKey: row.stream_key,
  };
  return {
    id: newId(),
    livestreamId: row.id,
    name: name ?? row.name ?? '',
    playbackUrl: playbackUrl(settings, row.playback_key),
    manualIngest,
    order,
  };
}
