import {
  type ChatMessage,
  type Command,
  type Identity,
  type MeetingState,
  type NewLivestream,
  type NewRecording,
  nextLivestreamStop,
  nextRecordingStop,
  peerCountDueAt,
  type Session,
  type Timestamp,
  timeKeepingDueAt,
} from '@parley/core';
import { CloseCode, encodeFrame, RoomEvent } from '@parley/wire';
import type { Logger } from 'pino';
import { v7 as uuid } from 'uuid';
import type { Clock } from '../clock.js';
import type { MeetingId, PeerId } from '../ids.js';
import type { MediaPool, MediaRoomEvent } from '../media/media-pool.js';
import type { RecordingSettings } from '../recordings/order.js';
import { Turns } from '../turns.js';
import type { Changes, SessionRecord } from './changes.js';
import { CommandRounds } from './command-rounds.js';
import type { FamilyLink } from './connected/family-link.js';
import type { PeerConnection } from './connection.js';
import { deliver, type Origin } from './deliver.js';
import type { Journal } from './journal.js';
import { type Admission, isComingBack, type MeetingInfo } from './meeting-info.js';
import { MeetingMedia } from './meeting-media.js';
import { Refused } from './refused.js';
import { MeetingTimers } from './timers.js';
import { type TrackRecorder, TrackTaps } from './track-taps.js';

/** Until then Chromium has noticed that its media's other end is gone, and makes new transports by itself. */
const ICE_NOTICES_MS = 9_000;

export interface MeetingHostOptions {
  clock: Clock;
  log: Logger;
  journal: Journal;
  mediaPool: MediaPool;
  reconnectGraceMs: number;
  family: FamilyLink;
  recordings: SessionRecordings;
  livestreams: SessionLivestreams;
  /** Nothing is left to hold: no socket, no session. */
  onIdle: (host: MeetingHost) => void;
  /** A change could not be saved; what is in memory is not to be trusted any more. */
  onLost: (host: MeetingHost) => void;
}

export type ChatChange = Extract<Command, { type: 'EditChat' | 'DeleteChat' | 'PinChat' }>;

/** What a host needs to know of recordings. */
export interface SessionRecordings {
  /** How long they go on when nobody is there. */
  emptyMs: number;
  /** The recording that begins with a session of a meeting that wants one. */
  onStart(meetingId: MeetingId, settings: RecordingSettings): NewRecording;
  /** Called after each commit that changed one. */
  changed(): void;
  tracks: TrackRecorder;
}

/** What it needs to know of livestreams. */
export interface SessionLivestreams {
  /** The livestream that begins with a session of a meeting that wants one. */
  onStart(meeting: MeetingInfo): Promise<NewLivestream>;
  /** Called after each commit that changed one. */
  changed(): void;
}

/** The only owner of one meeting: its sockets, its session, its media and its timers. */
export class MeetingHost {
  readonly connections = new Map<string, PeerConnection>();
  readonly media: MeetingMedia;
  /** The meeting as the last join or change of it found it; null until then. */
  meeting: MeetingInfo | null = null;
  /** Another one since the rules of admission have changed: what was read under an older one is out of date. */
  admissionsEpoch = Symbol('admissions');

  readonly #rounds: CommandRounds;
  readonly #timers: MeetingTimers;
  readonly #taps: TrackTaps;
  readonly #changesOfMeeting = new Turns();
  readonly #changesOfOlderChat = new Turns();

  constructor(
    readonly meetingId: MeetingId,
    private readonly options: MeetingHostOptions,
  ) {
    this.#rounds = new CommandRounds(meetingId, options, {
      meeting: () => this.meeting,
      onApplied: (event) => this.#timers.follow(event),
      onCommitted: (changes) => this.#onCommitted(changes),
      tell: (effect, origin) => deliver(this, effect, origin),
      onRoundOver: () => this.#schedule(),
      onIdle: () => {
        if (this.connections.size === 0 && !this.state.session) options.onIdle(this);
      },
      onLost: () => options.onLost(this),
    });
    this.media = new MeetingMedia(options.mediaPool, meetingId, (event) => this.#onMedia(event));
    this.#taps = new TrackTaps(this.media, options.recordings.tracks, (recordingId, change) =>
      this.#order({ type: 'FollowRecorder', recordingId, change }),
    );
    this.#timers = new MeetingTimers(
      options.reconnectGraceMs,
      (peerId) => void this.#giveUp(peerId),
      () => void this.#order({ type: 'EndIfAbandoned' }, () => this.#assertEmptyEverywhere()),
      () => void this.#unheard(this.keepTime()),
      () => {
        const { emptyMs } = options.recordings;
        void this.#order({ type: 'StopDueRecordings', emptyMs });
        void this.#order({ type: 'StopDesertedLivestream', emptyMs });
      },
      () => void this.#order({ type: 'TellPeerCount' }),
    );
  }

  /** To be read, never to be changed. */
  get state(): MeetingState {
    return this.#rounds.state;
  }

  /** Whether the participant is in the session, be it with a lost connection that may come back. */
  holds(participantId: string): boolean {
    for (const peer of this.state.session?.peers.values() ?? []) {
      if (peer.participantId === participantId) return true;
    }
    return false;
  }

  /** Whether the participant is in the session, in a room of it, or on the way between them. */
  belongs(participantId: string): boolean {
    return this.holds(participantId) || this.options.family.isInRooms(this, participantId);
  }

  /** Participants in the session, recorders not counted. */
  get participants(): number {
    return this.#rounds.record?.live ?? 0;
  }

  /** A closed host takes nothing more; the meeting's next host has to be asked for. */
  get isClosed(): boolean {
    return this.#rounds.isClosed;
  }

  /** Takes up a session from the log after a restart: everybody in it has lost the connection just now. */
  resume(state: MeetingState, record: SessionRecord, meeting: MeetingInfo): void {
    this.#rounds.resume(state, record);
    this.meeting = meeting;
    const peerIds = [...(state.session?.peers.keys() ?? [])];
    this.media.declareVoid(peerIds, Date.now() + ICE_NOTICES_MS);
    this.#taps.resume(state.session);
    for (const peerId of peerIds) void this.#order({ type: 'LoseConnection', peerId });
    this.#schedule();
  }

  /** As `execute` of CommandRounds. */
  execute(command: Command, origin?: Origin, guard?: () => void): Promise<void> {
    return this.#rounds.execute(command, origin, guard);
  }

  /**
   * Lets a participant in. Whoever is in the session already may come back although the meeting is INACTIVE
   * (features.md OQ22). What has changed since the admission was read is judged again at the moment of joining, so
   * that no join slips in behind a deactivation, a deletion, a block or a lock (X14). Rejects with what `admit` throws, or
   * with Refused.
   */
  async join(
    admit: () => Promise<Admission>,
    identify: (admission: Admission) => Identity,
    origin: Origin,
  ): Promise<void> {
    for (;;) {
      const epoch = this.admissionsEpoch;
      const admission = await admit();
      await this.options.family.load(admission.meeting);
      const { livestreamOnStart } = admission.meeting;
      const livestream = livestreamOnStart ? await this.options.livestreams.onStart(admission.meeting) : null;
      try {
        await this.#join(admission, epoch, identify(admission), livestream, origin);
        return;
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== 'admission_outdated') throw error;
      }
    }
  }

  /**
   * Changes a chat message, wherever it is: the last ones are in the state, older ones are looked up by `find`. Those
   * are changed one after the other, so that each change is judged by what the one before it has left. Resolves and
   * rejects as `execute` does.
   */
  async changeChat(
    command: ChatChange,
    origin: Origin,
    find: () => Promise<ChatMessage | null>,
  ): Promise<void> {
    try {
      await this.execute(command, origin);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'message_unknown') throw error;
      await this.#changesOfOlderChat.take(async () => {
        const older = await find();
        if (!older) throw error;
        await this.execute({ ...command, older }, origin);
      });
    }
  }

  /** To be called after a change of who may come in was committed, and before those who are in are removed. */
  voidAdmissions(): void {
    this.admissionsEpoch = Symbol('admissions');
  }

  /**
   * Takes over what was changed about the meeting. Of changes at once the last one counts, since they are read one
   * after the other. Resolves when what follows for the session is committed and told; rejects as `execute` does.
   */
  async meetingChanged(read: () => Promise<MeetingInfo | null>): Promise<void> {
    this.voidAdmissions();
    await this.#changesOfMeeting.take(async () => {
      this.meeting = (await read()) ?? this.meeting;
    });
    await this.keepTime();
  }

  /** Judges its time by the limits as they are now. Resolves and rejects as `execute` does. */
  async keepTime(): Promise<void> {
    const limits = this.options.family.limitsOf(this);
    if (limits) await this.execute({ type: 'KeepTime', limits });
  }

  #join(
    admission: Admission,
    epoch: symbol,
    who: Identity,
    livestream: NewLivestream | null,
    origin: Origin,
  ): Promise<void> {
    const { meeting, movedIn, isRecorder = false } = admission;
    const { recordOnStart } = meeting;
    const newSession = {
      id: uuid(),
      title: meeting.title,
      keepAliveMs: meeting.keepAliveSecs * 1000,
      recording: recordOnStart ? this.options.recordings.onStart(this.meetingId, recordOnStart) : null,
      livestream,
      ...(meeting.mainMeetingId !== null && movedIn !== null && { mainSessionId: movedIn }),
    };
    const maxParticipants =
      meeting.maxParticipants === null
        ? null
        : Math.max(0, meeting.maxParticipants - this.options.family.participantsInRooms(this));
    const invited = movedIn !== null;
    const join: Command = {
      type: 'Join',
      who,
      newSession: isRecorder ? null : newSession,
      maxParticipants,
      endsAt: meeting.limits.endsAt,
      invited,
    };
    return this.execute(join, origin, () => {
      if (epoch !== this.admissionsEpoch) throw new Refused('admission_outdated');
      // Its socket has closed while the admission was read: nobody would ever see it leave.
      if (!this.connections.has(who.peerId)) throw new Refused('gone');
      const isIn = this.state.session?.peers.has(who.peerId) ?? false;
      if (isRecorder) return;
      if (!isIn && meeting.mainMeetingId !== null && !invited) throw new Refused('main_session_over');
      if (!isIn && meeting.status === 'INACTIVE' && !isComingBack(admission)) {
        throw new Refused('meeting_inactive');
      }
      if (meeting.locked && !invited && !this.belongs(who.participantId)) throw new Refused('meeting_locked');
      this.meeting = meeting;
    });
  }

  /** A newer socket of a peer takes the place of the older one, which is not a leave (protocol.md 3.6). */
  attach(connection: PeerConnection): void {
    const older = this.connections.get(connection.peerId);
    this.connections.set(connection.peerId, connection);
    older?.close(CloseCode.normal, 'replaced by a newer connection');
  }

  /** The socket is closed; `deliberately` says whether its peer meant to go. */
  detach(connection: PeerConnection, deliberately: boolean): void {
    if (this.connections.get(connection.peerId) !== connection) return;
    const { peerId } = connection;
    this.connections.delete(peerId);
    const isIn = this.state.session?.peers.has(peerId) ?? false;
    // A peer that has not joined has nothing to come back to; its client connects its media anew.
    if (deliberately || !isIn) this.media.release([peerId]);
    void this.#order(deliberately ? { type: 'Leave', peerId } : { type: 'LoseConnection', peerId });
  }

  transfer(peerId: string, participantId: string): void {
    this.options.family.transfer(this, peerId, participantId);
  }

  /** Looks again at when the session ends: the rooms may be empty that held it open, or its main session be back. */
  review(): void {
    this.#schedule();
  }

  /** What was made for a peer whose socket has closed meanwhile goes again; one in the session may come back to it. */
  releaseIfGone(peerId: string): void {
    if (this.connections.has(peerId) || this.state.session?.peers.has(peerId)) return;
    this.media.release([peerId]);
  }

  /** Sends connected peers that have not joined away as by a kick; those in the session are for KickPeers. */
  dismiss(
    peerIds: readonly PeerId[],
    as: typeof RoomEvent.kick | typeof RoomEvent.kickAll = RoomEvent.kick,
  ): void {
    for (const peerId of peerIds) {
      const connection = this.connections.get(peerId);
      if (!connection || this.state.session?.peers.has(peerId)) continue;
      connection.send(encodeFrame(as));
      connection.dismiss();
    }
  }

  /** Closes every socket so that the clients come back, and lets go of everything. The log keeps the session. */
  close(code: number, reason: string): void {
    if (this.isClosed) return;
    this.#rounds.close();
    this.#timers.clear();
    const connections = [...this.connections.values()];
    this.connections.clear();
    for (const connection of connections) connection.close(code, reason);
    this.media.close();
  }

  #onCommitted(changes: Changes[]): void {
    this.options.family.committed(this, changes);
    this.#taps.follow(this.state.session);
    if (changes.some((one) => one.recordings.length > 0)) this.options.recordings.changed();
    if (changes.some((one) => one.livestreams.length > 0)) this.options.livestreams.changed();
  }

  #schedule(): void {
    if (this.isClosed) return;
    const { session } = this.state;
    const now = this.options.clock.now().getTime();
    const isEmpty = session !== null && session.emptySince !== null && !this.options.family.isHeldOpen(this);
    this.#timers.keepAlive.set(isEmpty ? session.emptySince! + session.keepAliveMs - now : null);
    const limits = this.options.family.limitsOf(this);
    const timeLimit = limits && timeKeepingDueAt(this.state, limits);
    this.#timers.timeLimit.set(timeLimit === null ? null : timeLimit - now);
    const stop = session && this.#nextStop(session);
    this.#timers.recordingStop.set(stop === null ? null : stop - now);
    const peerCount = peerCountDueAt(this.state);
    this.#timers.peerCount.set(peerCount === null ? null : peerCount - now);
  }

  #nextStop(session: Session): Timestamp | null {
    const { emptyMs } = this.options.recordings;
    const stops = [nextRecordingStop(session, emptyMs), nextLivestreamStop(session, emptyMs)];
    const known = stops.filter((stop) => stop !== null);
    return known.length > 0 ? Math.min(...known) : null;
  }

  /** A clock that was set back says that it is too early: the peer gets its time again, and is not forgotten. */
  async #giveUp(peerId: string): Promise<void> {
    await this.#order({ type: 'GiveUpPeer', peerId, graceMs: this.options.reconnectGraceMs });
    const peer = this.state.session?.peers.get(peerId);
    if (peer && peer.lostAt !== null && !this.isClosed) this.#timers.watch(peerId);
  }

  /** A command of the server's own, whose refusal nobody waits for. */
  #order(command: Command, guard?: () => void): Promise<void> {
    return this.#unheard(this.execute(command, undefined, guard));
  }

  async #unheard(execution: Promise<void>): Promise<void> {
    try {
      await execution;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  #assertEmptyEverywhere(): void {
    if (this.options.family.isHeldOpen(this)) throw new Refused('held_open');
  }

  #onMedia(event: MediaRoomEvent): void {
    switch (event.type) {
      case 'activeSpeakers':
        void this.#order({ type: 'RankSpeakers', peerIds: event.peerIds });
        return;
      case 'transportState': {
        if (event.state === 'connected') return;
        const ended = this.media.forget(event.transportId);
        if (ended?.direction === 'send') this.#closeAllProducers(ended.peerId);
        return;
      }
      case 'tapFile':
      case 'tapEnded':
        this.#taps.onEvent(event);
        return;
      case 'workerLost':
        this.media.forgetAll();
        this.#taps.lost(this.options.clock.now().getTime());
        for (const peerId of this.state.session?.peers.keys() ?? []) this.#closeAllProducers(peerId);
    }
  }

  #closeAllProducers(peerId: string): void {
    const producerIds = [...(this.state.session?.peers.get(peerId)?.producers.keys() ?? [])];
    if (producerIds.length > 0) void this.#order({ type: 'CloseProducers', by: peerId, producerIds });
  }
}
