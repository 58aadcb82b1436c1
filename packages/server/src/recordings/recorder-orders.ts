import type { Cue, Output, RecorderCommand, RecorderOrder } from '@parley/recorder';
import type { Kysely } from 'kysely';
import type { Settings } from '../config/settings.js';
import type { Database } from '../database/tables.js';
import { ApiError } from '../http/errors.js';
import { OWN_PAGE_STARTS_WITHIN_MS, type RecorderLaunches } from '../recorders/launches.js';
import type { RecorderLaunch } from '../recorders/recorder-process.js';
import { cuesOf } from './cues.js';
import type { RecordingDisk } from './disk.js';
import type { BrowserOrder } from './order.js';
import { requirePublicTargets } from './public-targets.js';
import type { RecordingRow } from './state-of-row.js';

/** What the recorders of recordings are started with. */
export class RecorderOrders {
  constructor(
    private readonly db: Kysely<Database>,
    private readonly launches: RecorderLaunches,
    private readonly settings: Pick<Settings, 'webhookAllowPrivate'>,
    private readonly disk: RecordingDisk,
  ) {}

  async recorderFor(row: RecordingRow): Promise<RecorderLaunch> {
    const order = row.recording_order as BrowserOrder;
    if (order.problem !== undefined) throw new ApiError(400, order.problem);
    await this.#requireTargets(order);
    const tools = await this.launches.requireTools();
    const folder = await this.disk.freshWorkFolder(row.id);
    const who = { appId: row.app_id, meetingId: row.meeting_id, participantId: row.recorder_id };
    const record: RecorderOrder = {
      kind: 'record',
      recordingId: row.id,
      pageUrl: await this.launches.pageUrl(who, configOf(order), order.url),
      folder,
      fileName: baseName(order),
      output: outputOf(order),
      rtmpUrls: order.rtmpUrls,
      ...(await this.launches.trusted()),
      ...(order.url === null && { startWithinMs: OWN_PAGE_STARTS_WITHIN_MS }),
      ...(tools && { tools }),
    };
    return this.launches.launch(record);
  }

  async finisherFor(row: RecordingRow): Promise<RecorderLaunch> {
    const order = row.recording_order as BrowserOrder;
    const tools = await this.launches.requireTools();
    const finish: RecorderOrder = {
      kind: 'finish',
      recordingId: row.id,
      folder: this.disk.workFolder(row.id),
      fileName: baseName(order),
      output: outputOf(order),
      ...(await this.#metadataOf(row)),
      ...(tools && { tools }),
    };
    return this.launches.launch(finish);
  }

  async stopFor(row: RecordingRow): Promise<RecorderCommand> {
    const { stopped_at: stoppedAt } = row;
    return {
      kind: 'stop',
      ...(stoppedAt && { atMs: stoppedAt.getTime() }),
      ...(await this.#metadataOf(row)),
    };
  }

  /** Complete once the recording is stopped, as it is when its files are made. */
  async #metadataOf({ id, recording_order }: RecordingRow): Promise<{ cues?: Cue[] }> {
    const { video } = recording_order as BrowserOrder;
    return video?.interactive ? { cues: await cuesOf(this.db, id) } : {};
  }

  /** Once more, since a meeting's own settings were given when nothing was to be called. */
  async #requireTargets({ url, rtmpUrls: [first, second] }: BrowserOrder): Promise<void> {
    const targets = {
      ...(url !== null && { url }),
      rtmp_out_config: { rtmp_url: first },
      live_streaming_config: { rtmp_url: second },
    };
    await requirePublicTargets(targets, this.settings.webhookAllowPrivate);
  }
}

const baseName = (order: BrowserOrder): string => order.outputFileName.replace(/\.\w+$/, '');

function outputOf({ video, audio }: BrowserOrder): Output {
  return { ...(video && { video }), audio };
}

/** In the words of the start call. */
function configOf({ video, audio, watermark }: BrowserOrder) {
  return {
    ...(video && {
      video_config: {
        codec: video.codec,
        width: video.width,
        height: video.height,
        export_file: video.exportFile,
        ...(watermark && { watermark }),
      },
    }),
    audio_config: { codec: audio.codec, channel: audio.channel, export_file: audio.exportFile },
  };
}
