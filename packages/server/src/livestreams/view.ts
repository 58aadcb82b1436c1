import type { SecretBox } from '../storage/sealing.js';
import { type EncoderPorts, ingestServer, playbackUrl } from './addresses.js';
import { openStreamKey } from './keys.js';
import type { LivestreamRow, LivestreamSessionRow } from './store.js';

/** A livestream as the management API shows it (rest-api.md 1.9). */
export interface LivestreamView {
  id: string;
  name: string | null;
  meeting_id: string | null;
  status: LivestreamRow['status'];
  disabled: boolean;
  manual_ingest: boolean;
  ingest_server: string;
  stream_key: string;
  playback_url: string;
  created_at: string;
  updated_at: string;
}

export interface ViewOptions {
  secrets: SecretBox;
  settings: EncoderPorts;
}

export function toLivestreamView(row: LivestreamRow, { secrets, settings }: ViewOptions): LivestreamView {
  return {
    id: row.id,
    name: row.name,
    meeting_id: row.meeting_id,
    status: row.status,
    disabled: row.disabled,
    manual_ingest: row.manual_ingest,
    ingest_server: ingestServer(settings),
    stream_key: openStreamKey(secrets, row.id, row.stream_key),
    playback_url: playbackUrl(settings, row.playback_key),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** One run of it; `status` is an addition of ours. Seconds are whole ones, and count on while it runs. */
export function toLivestreamSessionView(row: LivestreamSessionRow, now: Date) {
  return {
    id: row.id,
    livestream_id: row.livestream_id,
    status: row.status,
    err_message: row.error?.message ?? null,
    invoked_time: row.invoked_at.toISOString(),
    started_time: row.started_at?.toISOString() ?? null,
    stopped_time: row.stopped_at?.toISOString() ?? null,
    ingest_seconds: Math.round(ingestMs(row, now) / 1000),
    viewer_seconds: Math.round(row.viewer_seconds),
    created_at: row.invoked_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

const ingestMs = (row: LivestreamSessionRow, now: Date): number =>
  Number(row.ingest_ms) + (row.since ? Math.max(0, now.getTime() - row.since.getTime()) : 0);
