import { createRequire } from 'node:module';
import { findTools, type Output, type RecorderOrder, type Tools } from '@parley/recorder';
import type { Settings } from '../config/settings.js';
import { ApiError, NotAvailableError } from '../http/errors.js';
import { RECORDER_PRESET_ID } from '../presets/recorder.js';
import { ownKeyHashes } from '../tls/identity.js';
import type { ParticipantTokens } from '../tokens/participant-tokens.js';
import type { RecordingDisk } from './disk.js';
import type { BrowserOrder } from './order.js';
import { requirePublicTargets } from './public-targets.js';
import type { RecorderLaunch } from './recorder-process.js';
import type { RecordingRow } from './state-of-row.js';

const ownProgram = () => createRequire(import.meta.url).resolve('@parley/recorder/process');
const ANY_ADDRESS = new Set(['0.0.0.0', '::', '::1', 'localhost']);

/** Our page needs seconds; what is slower than this does not come at all. */
const OWN_PAGE_STARTS_WITHIN_MS = 55_000;

export interface RecorderOrdersOptions {
  participantTokens: ParticipantTokens;
  settings: Pick<
    Settings,
    | 'host'
    | 'httpPort'
    | 'recorderProgram'
    | 'chromium'
    | 'ffmpeg'
    | 'webhookAllowPrivate'
    | 'dataDir'
    | 'tlsCert'
  >;
}

/** What recorder processes are started with. */
export class RecorderOrders {
  constructor(
    private readonly options: RecorderOrdersOptions,
    private readonly disk: RecordingDisk,
  ) {}

  /**
   * Throws NotAvailableError that says what to install; looked up anew each time, so that an install needs no
   * restart. A program in place of our recorder knows itself what it needs.
   */
  async requireTools(): Promise<Tools | undefined> {
    const { settings } = this.options;
    if (settings.recorderProgram) return undefined;
    const tools = await findTools(settings);
    if (typeof tools === 'string') throw new NotAvailableError(tools);
    return tools;
  }

  async recorderFor(row: RecordingRow): Promise<RecorderLaunch> {
    const order = row.recording_order as BrowserOrder;
    if (order.problem !== undefined) throw new ApiError(400, order.problem);
    await this.#requireTargets(order);
    const tools = await this.requireTools();
    const folder = await this.disk.freshWorkFolder(row.id);
    const record: RecorderOrder = {
      kind: 'record',
      recordingId: row.id,
      pageUrl: await this.#pageUrl(row, order),
      folder,
      fileName: baseName(order),
      output: outputOf(order),
      rtmpUrls: order.rtmpUrls,
      trustedOrigins: [this.#localOrigin],
      trustedKeys: await ownKeyHashes(this.options.settings),
      ...(order.url === null && { startWithinMs: OWN_PAGE_STARTS_WITHIN_MS }),
      ...(tools && { tools }),
    };
    return this.#withProgram(record);
  }

  async finisherFor(row: RecordingRow): Promise<RecorderLaunch> {
    const order = row.recording_order as BrowserOrder;
    const tools = await this.requireTools();
    const finish: RecorderOrder = {
      kind: 'finish',
      recordingId: row.id,
      folder: this.disk.workFolder(row.id),
      fileName: baseName(order),
      output: outputOf(order),
      ...(tools && { tools }),
    };
    return this.#withProgram(finish);
  }

  /** Once more, since a meeting's own settings were given when nothing was to be called. */
  async #requireTargets({ url, rtmpUrls: [first, second] }: BrowserOrder): Promise<void> {
    const targets = {
      ...(url !== null && { url }),
      rtmp_out_config: { rtmp_url: first },
      live_streaming_config: { rtmp_url: second },
    };
    await requirePublicTargets(targets, this.options.settings.webhookAllowPrivate);
  }

  /** Nothing of the server's environment, with its secrets, belongs into a process that opens pages. */
  #withProgram(order: RecorderOrder): RecorderLaunch {
    return {
      program: this.options.settings.recorderProgram ?? ownProgram(),
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' },
      order,
    };
  }

  /** The recording app with the two parameters that RealtimeKit adds (features.md RC35, RC37). */
  async #pageUrl(row: RecordingRow, order: BrowserOrder): Promise<string> {
    const url = new URL(order.url ?? `${this.#localOrigin}/record`);
    const token = await this.options.participantTokens.mint({
      orgId: row.app_id,
      meetingId: row.meeting_id,
      participantId: row.recorder_id,
      presetId: RECORDER_PRESET_ID,
    });
    url.searchParams.set('authToken', token);
    url.searchParams.set('config', JSON.stringify(configOf(order)));
    return url.href;
  }

  /** The local way to this server, which no fault of the public network touches. */
  get #localOrigin(): string {
    const { host, httpPort } = this.options.settings;
    const name = ANY_ADDRESS.has(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
    return `http://${name}:${httpPort}`;
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
