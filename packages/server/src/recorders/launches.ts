import { createRequire } from 'node:module';
import { findTools, type RecorderOrder, type Tools } from '@parley/recorder';
import type { Settings } from '../config/settings.js';
import { NotAvailableError } from '../http/errors.js';
import type { AppId, MeetingId, ParticipantId } from '../ids.js';
import { RECORDER_PRESET_ID } from '../presets/recorder.js';
import { ownKeyHashes } from '../tls/identity.js';
import type { ParticipantTokens } from '../tokens/participant-tokens.js';
import type { RecorderLaunch } from './recorder-process.js';

const ownProgram = () => createRequire(import.meta.url).resolve('@parley/recorder/process');
const ANY_ADDRESS = new Set(['0.0.0.0', '::', '::1', 'localhost']);

/** Our page needs seconds; what is slower than this does not come at all. */
export const OWN_PAGE_STARTS_WITHIN_MS = 55_000;

export interface RecorderLaunchesOptions {
  participantTokens: ParticipantTokens;
  settings: Pick<
    Settings,
    'host' | 'httpPort' | 'recorderProgram' | 'chromium' | 'ffmpeg' | 'dataDir' | 'tlsCert'
  >;
}

/** What every recorder process is started with, whatever it makes of its session. */
export class RecorderLaunches {
  constructor(private readonly options: RecorderLaunchesOptions) {}

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

  /** What of this server a recorder's browser is to trust. */
  async trusted(): Promise<{ trustedOrigins: string[]; trustedKeys: string[] }> {
    return {
      trustedOrigins: [this.#localOrigin],
      trustedKeys: await ownKeyHashes(this.options.settings),
    };
  }

  /** The recording app, ours unless one is named, with the two parameters that RealtimeKit adds (features.md RC35, RC37). */
  async pageUrl(
    who: { appId: AppId; meetingId: MeetingId; participantId: ParticipantId },
    config: object,
    app: string | null = null,
  ): Promise<string> {
    const token = await this.options.participantTokens.mint({
      orgId: who.appId,
      meetingId: who.meetingId,
      participantId: who.participantId,
      presetId: RECORDER_PRESET_ID,
    });
    const parameters = { authToken: token, config: JSON.stringify(config) };
    if (app === null) return `${this.#ownPage}#${new URLSearchParams(parameters)}`;
    const url = new URL(app);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  /** A recorder that waits for its order; a program in place of ours is asked for no such thing. */
  async standby(folder: string): Promise<RecorderLaunch> {
    const tools = await this.requireTools();
    const order: RecorderOrder = {
      kind: 'standby',
      folder,
      pageUrl: this.#ownPage,
      ...(await this.trusted()),
      ...(tools && { tools }),
    };
    return this.launch(order);
  }

  /** Nothing of the server's environment, with its secrets, belongs into a process that opens pages. */
  launch(order: RecorderOrder): RecorderLaunch {
    return {
      program: this.options.settings.recorderProgram ?? ownProgram(),
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' },
      order,
    };
  }

  /** What it is to show stands behind a `#`: a recorder that has the page loaded need not load it again. */
  get #ownPage(): string {
    return `${this.#localOrigin}/record`;
  }

  /** The local way to this server, which no fault of the public network touches. */
  get #localOrigin(): string {
    const { host, httpPort } = this.options.settings;
    const name = ANY_ADDRESS.has(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
    return `http://${name}:${httpPort}`;
  }
}

/** The code of the failure of a recording or livestream whose recorder could not be started. */
export const codeOfFailedStart = (error: unknown): string =>
  error instanceof NotAvailableError ? 'not_installed' : 'internal';
