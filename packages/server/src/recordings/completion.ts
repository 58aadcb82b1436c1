import { changeRecording, type Recording, type RecordingChange } from '@parley/core';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';
import type { FileLinks } from '../files/links.js';
import type { RecordingId } from '../ids.js';
import { queueWebhooks } from '../webhooks/outbox.js';
import { recordingStatusUpdate, type WebhookRecording } from '../webhooks/payloads.js';
import { removeCues } from './cues.js';
import { downloadsOf, mainBytes } from './downloads.js';
import type { RecordingOrder } from './order.js';
import { columnsOf, stateOfRow } from './state-of-row.js';

export interface CompletionOptions {
  db: Kysely<Database>;
  clock: Clock;
  links: FileLinks;
  /** Origin of the links in webhooks, which answer no request. */
  origin: string;
  retentionMs: number;
}

type LastChange = Extract<RecordingChange, { to: 'uploaded' | 'failed' }>;

/** Ends a recording whose files are in the store, unless an upload is still to come (features.md RC33). */
export async function concludeRecording(
  trx: Transaction<Database>,
  options: CompletionOptions,
  recordingId: RecordingId,
): Promise<void> {
  // Two uploads of one recording may end at once; the second has to see what the first one wrote.
  await trx.selectFrom('recordings').select('id').where('id', '=', recordingId).forUpdate().execute();
  const uploads = await trx
    .selectFrom('recording_uploads as upload')
    .innerJoin('recording_files as file', 'file.id', 'upload.file_id')
    .select(['upload.finished_at', 'upload.error'])
    .where('file.recording_id', '=', recordingId)
    .execute();
  if (uploads.some((upload) => upload.finished_at === null)) return;
  const failed = uploads.find((upload) => upload.error !== null);
  const { longest } = await trx
    .selectFrom('recording_files')
    .select(sql<string | null>`max(duration_ms)`.as('longest'))
    .where('recording_id', '=', recordingId)
    .executeTakeFirstOrThrow();
  await endRecording(
    trx,
    options,
    recordingId,
    failed
      ? { to: 'failed', error: { code: 'upload_failed', message: failed.error! } }
      : { to: 'uploaded', ...(longest !== null && { recordedMs: Number(longest) }) },
  );
}

/**
 * The last change of a recording, from UPLOADING to UPLOADED or ERRORED, with its webhook in one transaction
 * (features.md RC05). Does nothing when the recording is over already. What could not be uploaded is kept for
 * download although the own store was not wanted: it is all that there is.
 */
export async function endRecording(
  trx: Transaction<Database>,
  { clock, links, origin, retentionMs }: CompletionOptions,
  recordingId: RecordingId,
  change: LastChange,
): Promise<void> {
  const now = clock.now();
  const row = await trx
    .selectFrom('recordings')
    .selectAll()
    .where('id', '=', recordingId)
    .forUpdate()
    .executeTakeFirst();
  if (row?.status !== 'UPLOADING') return;
  const recording = changeRecording(stateOfRow(row), change, now.getTime())!;
  const files = await trx
    .selectFrom('recording_files')
    .selectAll()
    .where('recording_id', '=', recordingId)
    .orderBy('name')
    .execute();
  const { ownStore } = row.recording_order as RecordingOrder;
  const isKept = files.length > 0 && (ownStore || recording.status === 'ERRORED');
  const expiresAt = isKept ? new Date(now.getTime() + retentionMs) : null;
  await trx
    .updateTable('recordings')
    .set({
      ...columnsOf(recording),
      uploaded_at: recording.status === 'UPLOADED' ? now : null,
      expires_at: expiresAt,
    })
    .where('id', '=', recordingId)
    .execute();
  await removeCues(trx, recordingId);
  const downloads = downloadsOf({ ...row, expires_at: expiresAt }, files, links, origin);
  await queueUpdate(trx, recordingId, recording, now, {
    downloadUrl: typeof downloads.download_url === 'string' ? downloads.download_url : null,
    audioDownloadUrl: downloads.audio_download_url,
    expiresAt,
    fileBytes: mainBytes(row.type, files),
  });
}

async function queueUpdate(
  trx: Transaction<Database>,
  recordingId: RecordingId,
  recording: Recording,
  now: Date,
  uploaded: NonNullable<WebhookRecording['uploaded']>,
): Promise<void> {
  const { outputFileName, ...session } = await trx
    .selectFrom('recordings')
    .innerJoin('sessions', 'sessions.id', 'recordings.session_id')
    .innerJoin('apps', 'apps.id', 'recordings.app_id')
    .select([
      'apps.id as appId',
      'apps.name as appName',
      'recordings.meeting_id as meetingId',
      'recordings.output_file_name as outputFileName',
      'sessions.id as sessionId',
      'sessions.title',
      'sessions.created_at as createdAt',
      'sessions.started_at as startedAt',
      'sessions.ended_at as endedAt',
    ])
    .where('recordings.id', '=', recordingId)
    .executeTakeFirstOrThrow();
  const isWhole = recording.status === 'UPLOADED';
  const update = { recordingId, outputFileName, recording, ...(isWhole && { uploaded }) };
  await queueWebhooks(trx, [recordingStatusUpdate(session, update)], now);
}
