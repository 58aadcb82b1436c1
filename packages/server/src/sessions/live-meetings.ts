import { CloseCode } from '@parley/wire';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';
import type { MeetingId } from '../ids.js';
import type { MediaPool } from '../media/media-pool.js';
import type { ParticipantTokens } from '../tokens/participant-tokens.js';
import type { WebhookSources } from './changes.js';
import { clearEndedChat } from './chat-retention.js';
import { ConnectedMeetings } from './connected/connected-meetings.js';
import { Families } from './connected/families.js';
import { finishRoom } from './connected/finish-room.js';
import { Transfers } from './connected/transfers.js';
import { Journal } from './journal.js';
import { clearEndedLogs } from './log-retention.js';
import { MeetingHost, type SessionLivestreams, type SessionRecordings } from './meeting-host.js';
import { meetingsWithLiveSession, recoverSession } from './recovery.js';

const RECOVERY_RETRY_MS = 1_000;
const CLEAN_UP_EVERY_MS = 60 * 60_000;

export interface LiveMeetingsOptions {
  db: Kysely<Database>;
  clock: Clock;
  log: Logger;
  mediaPool: MediaPool;
  reconnectGraceMs: number;
  participantTokens: Pick<ParticipantTokens, 'mint'>;
  recordings: SessionRecordings;
  livestreams: SessionLivestreams;
  /** Called after each commit; the outbox may hold new webhooks. */
  committed: () => void;
  webhookSources: WebhookSources;
  /** How long the chat of an ended session is kept, unless its meeting keeps it. */
  chatRetentionDays: number;
}

/** The meetings that somebody is connected to or that have a live session, one host for each. */
export class LiveMeetings {
  readonly #hosts = new Map<MeetingId, MeetingHost>();
  /** Meetings whose host was lost and is being read back from the log. */
  readonly #recovering = new Map<MeetingId, Promise<void>>();
  readonly #journal: Journal;
  readonly transfers: Transfers;
  readonly #families: Families;
  /** What people do with connected meetings. */
  readonly connected: ConnectedMeetings;
  readonly #closing = new AbortController();
  #cleanUpTimer: NodeJS.Timeout | null = null;
  /** False until every session of before the start is taken up. */
  isRecovered = false;
  #draining = false;

  constructor(private readonly options: LiveMeetingsOptions) {
    const { db, log, clock } = options;
    this.#journal = new Journal(db, log, options.committed, options.webhookSources);
    this.transfers = new Transfers(db, log, options.participantTokens);
    this.#families = new Families(db, this, this.transfers);
    this.connected = new ConnectedMeetings(db, clock, this, this.#families);
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  get hosts(): Iterable<MeetingHost> {
    return this.#hosts.values();
  }

  /** Takes up every session that was live when the server stopped; to be awaited before the first connection. */
  async recover(): Promise<void> {
    const meetingIds = await meetingsWithLiveSession(this.options.db);
    for (const meetingId of meetingIds) await this.#takeUp(meetingId);
    this.isRecovered = true;
    this.#families.recovered(this.hosts);
    if (meetingIds.length > 0)
      this.options.log.info({ sessions: meetingIds.length }, 'Live sessions were taken up');
    void this.#cleanUp();
    this.#cleanUpTimer = setInterval(() => void this.#cleanUp(), CLEAN_UP_EVERY_MS);
  }

  /** The host of a meeting, made when there is none. Waits for a host that is being read back. */
  async open(meetingId: MeetingId): Promise<MeetingHost> {
    await this.#recovering.get(meetingId);
    return this.#hosts.get(meetingId) ?? this.#create(meetingId);
  }

  /** The host of a meeting, if anybody is connected or a session is live. */
  async find(meetingId: MeetingId): Promise<MeetingHost | undefined> {
    await this.#recovering.get(meetingId);
    return this.#hosts.get(meetingId);
  }

  /** The host as it is now, also when one that was lost is being read back. */
  peek(meetingId: MeetingId): MeetingHost | undefined {
    return this.#hosts.get(meetingId);
  }

  /** The meeting's host, and those of its connected meetings when it is the main one. */
  async family(meetingId: MeetingId): Promise<MeetingHost[]> {
    const hosts = await Promise.all(this.#familyIds(meetingId).map((id) => this.find(id)));
    return hosts.filter((host) => host !== undefined);
  }

  /** The same as it is now, without those that are being read back. */
  peekFamily(meetingId: MeetingId): MeetingHost[] {
    return this.#familyIds(meetingId).flatMap((id) => this.peek(id) ?? []);
  }

  /** Sends everybody away to come back in a moment; sessions stay live in the log. */
  close(): void {
    this.#draining = true;
    this.#closing.abort();
    if (this.#cleanUpTimer) clearInterval(this.#cleanUpTimer);
    for (const host of this.#hosts.values()) host.close(CloseCode.serviceRestart, 'the server restarts');
    this.#hosts.clear();
    this.#families.close();
  }

  #familyIds(meetingId: MeetingId): MeetingId[] {
    return this.#families.get(meetingId)?.meetingIds ?? [meetingId];
  }

  async #cleanUp(): Promise<void> {
    const { db, clock, log, chatRetentionDays } = this.options;
    const { signal } = this.#closing;
    const jobs = {
      logs: () => clearEndedLogs(db, clock.now(), signal),
      chat: () => clearEndedChat(db, clock.now(), chatRetentionDays, signal),
    };
    for (const [what, clear] of Object.entries(jobs)) {
      try {
        const removed = await clear();
        if (removed > 0) log.info({ what, removed }, 'What ended sessions have left was removed');
      } catch (error) {
        if (!this.#draining) {
          log.error({ err: error, what }, 'What ended sessions have left could not be removed');
        }
      }
    }
  }

  #create(meetingId: MeetingId): MeetingHost {
    const host = new MeetingHost(meetingId, {
      ...this.options,
      journal: this.#journal,
      family: this.#families,
      onIdle: (idle) => this.#drop(idle),
      onLost: (lost) => this.#replace(lost),
    });
    this.#hosts.set(meetingId, host);
    return host;
  }

  #drop(host: MeetingHost): void {
    if (this.#hosts.get(host.meetingId) === host) this.#hosts.delete(host.meetingId);
    host.close(CloseCode.serviceRestart, 'the meeting is idle');
    this.#families.released(host);
  }

  /** The log is the truth: the clients come back to what it says. */
  #replace(host: MeetingHost): void {
    this.#drop(host);
    if (this.#draining) return;
    const recovering = this.#takeUpWithPatience(host.meetingId);
    this.#recovering.set(host.meetingId, recovering);
    void recovering.then(() => this.#recovering.delete(host.meetingId));
  }

  async #takeUpWithPatience(meetingId: MeetingId): Promise<void> {
    while (!this.#draining) {
      try {
        await this.#takeUp(meetingId);
        return;
      } catch (error) {
        this.options.log.error({ err: error, meetingId }, 'A session cannot be read back yet');
        await new Promise((resolve) => setTimeout(resolve, RECOVERY_RETRY_MS));
      }
    }
  }

  async #takeUp(meetingId: MeetingId): Promise<void> {
    const recovered = await recoverSession(this.options.db, meetingId);
    if (!recovered) return;
    await this.#families.load(recovered.meeting);
    const host = this.#create(meetingId);
    host.resume(recovered.state, recovered.record, recovered.meeting);
    for (const one of this.peekFamily(meetingId)) one.review();
    if (recovered.unfinished) await finishRoom(host, recovered.unfinished);
  }
}
