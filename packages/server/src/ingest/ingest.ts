import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { LivestreamChange } from '@parley/core';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Settings } from '../config/settings.js';
import type { Database } from '../database/tables.js';
import { listen } from '../http/listen.js';
import type { LivestreamId, LivestreamSessionId, MeetingId } from '../ids.js';
import type { LivestreamDisk } from '../livestreams/disk.js';
import type { LivestreamedSessions } from '../livestreams/sessions.js';
import { findLivestreamByKey, type LivestreamRow } from '../livestreams/store.js';
import type { SecretBox } from '../storage/sealing.js';
import type { CertifiedKey } from '../tls/certificates.js';
import { type FedRun, Feed } from './feed.js';
import { INGEST_LIMITS, type IngestLimits } from './limits.js';
import { OwnRuns } from './own-runs.js';

const SERVER_RESTARTED: LivestreamChange = {
  to: 'failed',
  error: { code: 'server_restarted', message: 'The server was started again during the livestream' },
};

export interface IngestOptions {
  db: Kysely<Database>;
  clock: Clock;
  log: Logger;
  secrets: SecretBox;
  disk: LivestreamDisk;
  settings: Pick<
    Settings,
    | 'host'
    | 'rtmpPort'
    | 'rtmpsPort'
    | 'ffmpeg'
    | 'baseDomain'
    | 'livestreamWindowSeconds'
    | 'webhookStreamKey'
  >;
  /** What the RTMPS port shows. */
  tls: CertifiedKey;
  limits?: IngestLimits;
  wakeWebhooks(): void;
}

/** Takes in what encoders send by RTMP and RTMPS, as far as a port is set for it (features.md LS02). */
export class Ingest {
  readonly #feeds = new Set<Feed>();
  readonly #ownRuns: OwnRuns;
  /** Livestreams that somebody sends into, from the look at the key on. */
  readonly #taken = new Set<LivestreamId>();
  /** How often somebody was cut off, for those who are just being let in. */
  #revocations = 0;
  readonly #servers: Server[] = [];
  #secureContext: SecureContext;
  #sessions: LivestreamedSessions | null = null;
  #isClosed = false;

  constructor(private readonly options: IngestOptions) {
    this.#ownRuns = new OwnRuns(options);
    this.#secureContext = createSecureContext(options.tls);
  }

  /** For who connects from now on. */
  useCertificate(tls: CertifiedKey): void {
    this.#secureContext = createSecureContext(tls);
  }

  /**
   * Ends what an earlier server has left, waits for the encoders of meetings to come back, and opens the ports. Rejects
   * with a clear line when one cannot be had.
   */
  async attach(sessions: LivestreamedSessions): Promise<void> {
    const { rtmpPort, rtmpsPort } = this.options.settings;
    this.#sessions = sessions;
    for (const id of await this.#ownRuns.leftovers()) {
      await this.#ownRuns.follow(id, SERVER_RESTARTED, await this.#lastAt(id));
    }
    for (const { id, meetingId } of await this.#fedMeetings()) {
      const lastAt = (await this.#lastAt(id)).getTime();
      await sessions.follow(meetingId, id, { to: 'interrupted', lastAt });
    }
    if (rtmpPort !== null) await this.#open('PARLEY_RTMP_PORT', rtmpPort, (socket) => socket);
    if (rtmpsPort !== null) {
      await this.#open('PARLEY_RTMPS_PORT', rtmpsPort, (socket) => {
        return new TLSSocket(socket, { isServer: true, secureContext: this.#secureContext });
      });
    }
  }

  /** To be called after a commit that changed a livestream. Cheap, and safe to call often. */
  wake(): void {
    this.#cutOffStopped().catch((error: unknown) => {
      this.options.log.error({ err: error }, 'Encoders of stopped livestreams could not be cut off');
    });
  }

  /** Cuts off who sends into a livestream that was disabled or has another key now. */
  cutOff(id: LivestreamId): void {
    this.#revocations++;
    for (const feed of this.#feeds) {
      if (feed.run?.livestreamId === id) feed.stop('The key may not be used any more', { silent: false });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const server of this.#servers) server.close();
    for (const feed of this.#feeds) feed.stop('The server closes', { silent: true });
    await Promise.all([...this.#feeds].map(({ over }) => over));
  }

  /** Somebody else than the encoder has ended what it sends into. */
  async #cutOffStopped(): Promise<void> {
    const fed = [...this.#feeds].filter(({ run }) => run !== null);
    if (fed.length === 0) return;
    const over = await this.options.db
      .selectFrom('livestream_sessions')
      .select('id')
      .where(
        'id',
        'in',
        fed.map(({ run }) => run!.id),
      )
      .where('stopped_at', 'is not', null)
      .execute();
    const ids = new Set(over.map(({ id }) => id));
    for (const feed of fed) if (ids.has(feed.run!.id)) feed.stop('The livestream is over', { silent: true });
  }

  /** @param secure makes of a connection what is to be read; those on their way there count as well. */
  async #open(setting: string, port: number, secure: (socket: Socket) => Socket): Promise<void> {
    const server = createServer((socket) => this.#take(socket, secure));
    await listen(server, port, this.options.settings.host, setting);
    server.on('error', (error) =>
      this.options.log.error({ err: error, port }, 'The port of encoders has a problem'),
    );
    this.#servers.push(server);
  }

  #take(socket: Socket, secure: (socket: Socket) => Socket): void {
    const { log, disk, settings, limits = INGEST_LIMITS } = this.options;
    // Without an address it has gone already.
    const address = socket.remoteAddress;
    const unknown = [...this.#feeds].filter(({ run }) => run === null);
    const ofAddress = unknown.filter((feed) => feed.address === address);
    const isFull = unknown.length >= limits.unknownMax || ofAddress.length >= limits.unknownPerAddressMax;
    if (isFull || this.#isClosed || address === undefined) {
      socket.destroy();
      return;
    }
    const feed = new Feed(secure(socket), address, {
      log,
      disk,
      limits,
      ffmpeg: settings.ffmpeg ?? 'ffmpeg',
      windowSeconds: settings.livestreamWindowSeconds,
      admit: (streamKey) => this.#admit(streamKey),
      follow: (run, change) => this.#follow(run, change),
    });
    this.#feeds.add(feed);
    void feed.over.then(() => {
      this.#feeds.delete(feed);
      if (feed.run) this.#taken.delete(feed.run.livestreamId);
    });
  }

  async #admit(streamKey: string): Promise<FedRun | null> {
    const revocations = this.#revocations;
    const row = await this.#livestreamOf(streamKey);
    if (!row || this.#isClosed || this.#taken.has(row.id)) return null;
    const { log, limits = INGEST_LIMITS } = this.options;
    if (this.#taken.size >= limits.encodersMax) {
      log.warn({ livestreamId: row.id }, 'An encoder was refused: there are as many as there may be');
      return null;
    }
    this.#taken.add(row.id);
    try {
      const id = row.meeting_id === null ? await this.#ownRuns.begin(row) : await this.#waitingRun(row);
      if (!id) this.#taken.delete(row.id);
      // The key may have been taken away meanwhile; its feed is found as soon as it has its run.
      if (this.#revocations !== revocations && !(await this.#livestreamOf(streamKey))) {
        setImmediate(() => this.cutOff(row.id));
      }
      return id && { id, livestreamId: row.id, meetingId: row.meeting_id };
    } catch (error) {
      this.#taken.delete(row.id);
      throw error;
    }
  }

  async #livestreamOf(streamKey: string): Promise<LivestreamRow | null> {
    const row = await findLivestreamByKey(this.options.db, streamKey);
    return row && !row.disabled ? row : null;
  }

  /** The run of a meeting's livestream that was started for somebody to send into. */
  async #waitingRun(row: LivestreamRow): Promise<LivestreamSessionId | null> {
    const run = await this.options.db
      .selectFrom('livestream_sessions')
      .select('id')
      .where('livestream_id', '=', row.id)
      .where('livestreamer_id', 'is', null)
      .where('status', '=', 'INVOKED')
      .executeTakeFirst();
    return run?.id ?? null;
  }

  /** Livestreams of meetings that somebody sent into when an earlier server ended. */
  async #fedMeetings(): Promise<{ id: LivestreamSessionId; meetingId: MeetingId }[]> {
    const rows = await this.options.db
      .selectFrom('livestream_sessions as session')
      .innerJoin('livestreams as livestream', 'livestream.id', 'session.livestream_id')
      .select(['session.id', 'livestream.meeting_id'])
      .where('session.livestreamer_id', 'is', null)
      .where('livestream.meeting_id', 'is not', null)
      .where('session.status', '=', 'LIVE')
      .execute();
    return rows.map(({ id, meeting_id }) => ({ id, meetingId: meeting_id! }));
  }

  /** When its playlist was written last, as far as there is one. */
  async #lastAt(id: LivestreamSessionId): Promise<Date> {
    const writtenAtMs = await this.options.disk.playlistTime(id);
    return writtenAtMs === null ? this.options.clock.now() : new Date(Math.round(writtenAtMs));
  }

  #follow({ id, meetingId }: FedRun, change: LivestreamChange): Promise<'done' | 'unfit' | 'later'> {
    return meetingId ? this.#sessions!.follow(meetingId, id, change) : this.#ownRuns.follow(id, change);
  }
}
