import {
  nextLivestreamStop,
  nextRecordingStop,
  peerCountDueAt,
  type Session,
  type SessionEvent,
  type Timestamp,
  timeKeepingDueAt,
} from '@parley/core';
import type { MeetingHost, MeetingHostOptions } from './meeting-host.js';
import { Refused } from './refused.js';
import { MeetingTimers } from './timers.js';

type ClockOptions = Pick<MeetingHostOptions, 'clock' | 'family' | 'recordings' | 'reconnectGraceMs'>;

/** What happens in a meeting because time has passed: asks the rules when they are due, and has them act then. */
export class MeetingClock {
  readonly #timers: MeetingTimers;

  constructor(
    private readonly host: MeetingHost,
    private readonly options: ClockOptions,
  ) {
    const { emptyMs } = options.recordings;
    this.#timers = new MeetingTimers(
      options.reconnectGraceMs,
      (peerId) => void this.#giveUp(peerId),
      () => void host.order({ type: 'EndIfAbandoned' }, () => this.#assertEmptyEverywhere()),
      () => void this.#keepTime(),
      () => {
        void host.order({ type: 'StopDueRecordings', emptyMs });
        void host.order({ type: 'StopDesertedLivestream', emptyMs });
      },
      () => void host.order({ type: 'TellPeerCount' }),
    );
  }

  /** Follows what has happened to single peers. */
  follow(event: SessionEvent): void {
    this.#timers.follow(event);
  }

  clear(): void {
    this.#timers.clear();
  }

  /** To be called whenever something has changed. */
  schedule(): void {
    if (this.host.isClosed) return;
    const { state } = this.host;
    const { session } = state;
    const now = this.options.clock.now().getTime();
    const { keepAlive, timeLimit, recordingStop, peerCount } = this.#timers;
    const set = (alarm: typeof keepAlive, dueAt: Timestamp | null) =>
      alarm.set(dueAt === null ? null : dueAt - now);
    const isEmpty = session?.emptySince != null && !this.options.family.isHeldOpen(this.host);
    set(keepAlive, isEmpty ? session.emptySince! + session.keepAliveMs : null);
    const limits = this.options.family.limitsOf(this.host);
    set(timeLimit, limits && timeKeepingDueAt(state, limits));
    set(recordingStop, session && this.#nextStop(session));
    set(peerCount, peerCountDueAt(state));
  }

  #nextStop(session: Session): Timestamp | null {
    const { emptyMs } = this.options.recordings;
    const stops = [nextRecordingStop(session, emptyMs), nextLivestreamStop(session, emptyMs)];
    const known = stops.filter((stop) => stop !== null);
    return known.length > 0 ? Math.min(...known) : null;
  }

  async #keepTime(): Promise<void> {
    const limits = this.options.family.limitsOf(this.host);
    if (limits) await this.host.order({ type: 'KeepTime', limits });
  }

  /** A clock that was set back says that it is too early: the peer gets its time again, and is not forgotten. */
  async #giveUp(peerId: string): Promise<void> {
    const { host } = this;
    await host.order({ type: 'GiveUpPeer', peerId, graceMs: this.options.reconnectGraceMs });
    const peer = host.state.session?.peers.get(peerId);
    if (peer && peer.lostAt !== null && !host.isClosed) this.#timers.watch(peerId);
  }

  #assertEmptyEverywhere(): void {
    if (this.options.family.isHeldOpen(this.host)) throw new Refused('held_open');
  }
}
