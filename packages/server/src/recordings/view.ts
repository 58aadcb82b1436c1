import type { Caller, StartReason, StopReason } from '@parley/core';
import type { Kysely } from 'kysely';
import type { StartDelay } from '../database/tables/recordings.js';
import type { Database, RecordingGap } from '../database/tables.js';
import type { FileLinks } from '../files/links.js';
import type { RecordingId } from '../ids.js';
import type { StorageConfigView } from '../storage/config.js';
import { type Downloads, downloadsOf, mainBytes, type RecordingFile } from './downloads.js';
import type { RecordingOrder } from './order.js';
import type { RecordingRow } from './state-of-row.js';

/** A recording as both APIs show it (rest-api.md 1.8.1); `type`, `start_delay`, `gaps` and `err_message` are additions of ours. */
export interface RecordingView extends Downloads {
  id: string;
  meeting_id: string;
  session_id: string;
  type: RecordingRow['type'];
  status: RecordingRow['status'];
  output_file_name: string;
  /** Bytes. */
  file_size: number | null;
  invoked_time: string;
  started_time: string | null;
  stopped_time: string | null;
  /** Seconds. */
  recording_duration?: number;
  storage_config: StorageConfigView | null;
  start_reason: { reason: StartReason['reason']; caller?: CallerView };
  stop_reason?: { reason: StopReason['reason']; caller?: CallerView; detail: StopReason['detail'] };
  start_delay?: StartDelay;
  gaps?: RecordingGap[];
  err_message?: string;
}

/** `user_Id` is spelled so (features.md RC12). */
interface CallerView {
  type: Caller['type'];
  user_Id?: string;
  name?: string;
}

export function toRecordingView(
  row: RecordingRow,
  files: readonly RecordingFile[],
  links: FileLinks,
  origin: string,
): RecordingView {
  const { storage } = row.recording_order as RecordingOrder;
  const isOver = row.status === 'UPLOADED' || row.status === 'ERRORED';
  return {
    id: row.id,
    meeting_id: row.meeting_id,
    session_id: row.session_id,
    type: row.type,
    status: row.status,
    output_file_name: row.output_file_name,
    ...downloadsOf(row, files, links, origin),
    file_size: isOver && files.length > 0 ? mainBytes(row.type, files) : null,
    invoked_time: row.invoked_at.toISOString(),
    started_time: row.started_at?.toISOString() ?? null,
    stopped_time: row.stopped_at?.toISOString() ?? null,
    ...(row.stopped_at && { recording_duration: Math.round(Number(row.recorded_ms) / 1000) }),
    storage_config: storage?.shown ?? null,
    start_reason: withCaller(row.start_reason),
    ...(row.stop_reason && {
      stop_reason: { ...withCaller(row.stop_reason), detail: row.stop_reason.detail },
    }),
    ...(row.start_delay && { start_delay: row.start_delay }),
    ...(row.gaps.length > 0 && { gaps: row.gaps }),
    ...(row.error && { err_message: row.error.message }),
  };
}

function withCaller<Reason extends string>({ reason, caller }: { reason: Reason; caller: Caller | null }) {
  if (!caller) return { reason };
  const user = caller.type === 'USER' && { user_Id: caller.participantId, name: caller.name };
  return { reason, caller: { type: caller.type, ...user } };
}

/** The files of some recordings, in order of their names. */
export async function filesOf(
  db: Kysely<Database>,
  ids: readonly RecordingId[],
): Promise<Map<RecordingId, RecordingFile[]>> {
  const found = new Map<RecordingId, RecordingFile[]>(ids.map((id) => [id, []]));
  if (ids.length === 0) return found;
  const files = await db
    .selectFrom('recording_files')
    .leftJoin('participants', 'participants.id', 'recording_files.participant_id')
    .selectAll('recording_files')
    .select('participants.custom_participant_id')
    .where('recording_id', 'in', ids)
    .orderBy('recording_files.name')
    .execute();
  for (const file of files) found.get(file.recording_id)?.push(file);
  return found;
}
