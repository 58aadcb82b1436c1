import type { ChatMessage, Command, MeetingState, NewLivestream, NewRecording } from '@parley/core';
import { CloseCode, encodeFrame, RoomEvent } from '@parley/wire';
import type { Logger } from 'pino';
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
import { type Arrival, joinMeeting } from './joining.js';
import type { Journal } from './journal.js';
import { MeetingClock } from './meeting-clock.js';
import type { MeetingInfo } from './meeting-info.js';
import { MeetingMedia } from './meeting-media.js';
import { Refused } from './refused.js';
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
  onStart(meeting: MeetingInfo): Promise<NewLivestream | null>;
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
  readonly #clock: MeetingClock;
  readonly #taps: TrackTaps;
  readonly #changesOfMeeting = new Turns();
  readonly #changesOfOlderChat = new Turns();

  constructor(
    readonly meetingId: MeetingId,
    private readonly options: MeetingHostOptions,
  ) {
    this.#rounds = new CommandRounds(meetingId, options, {
      meeting: () => this.meeting,
      onApplied: (event) => this.#clock.follow(event),
      onCommitted: (changes) => this.#onCommitted(changes),
      tell: (effect, origin) => deliver(this, effect, origin),
      onRoundOver: () => this.#clock.schedule(),
      onIdle: () => {
        if (this.connections.size === 0 && !this.state.session) options.onIdle(this);
      },
      onLost: () => options.onLost(this),
    });
    this.media = new MeetingMedia(options.mediaPool, meetingId, (event) => this.#onMedia(event));
    this.#taps = new TrackTaps(this.media, options.recordings.tracks, (recordingId, change) =>
      this.order({ type: 'FollowRecorder', recordingId, change }),
    );
    this.#clock = new MeetingClock(this, options);
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
    for (const peerId of peerIds) void this.order({ type: 'LoseConnection', peerId });
    this.#clock.schedule();
  }

  /** As `execute` of CommandRounds. */
  execute(command: Command, origin?: Origin, guard?: () => void): Promise<void> {
    return this.#rounds.execute(command, origin, guard);
  }

  /** As `whenTold` of CommandRounds. */
  whenTold(answer: () => void): Promise<void> {
    return this.#rounds.whenTold(answer);
  }

  /** Carries out a command of the server's own, whose refusal nobody waits for. */
  async order(command: Command, guard?: () => void): Promise<void> {
    try {
      await this.execute(command, undefined, guard);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** As `joinMeeting`. */
  join(admit: Arrival['admit'], identify: Arrival['identify'], origin: Arrival['origin']): Promise<void> {
    return joinMeeting(this, this.options, { admit, identify, origin });
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
    void this.order(deliberately ? { type: 'Leave', peerId } : { type: 'LoseConnection', peerId });
  }

  transfer(peerId: string, participantId: string): void {
    this.options.family.transfer(this, peerId, participantId);
  }

  /** Looks again at when the session ends: the rooms may be empty that held it open, or its main session be back. */
  review(): void {
    this.#clock.schedule();
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
    this.#clock.clear();
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

  #onMedia(event: MediaRoomEvent): void {
    switch (event.type) {
      case 'activeSpeakers':
        void this.order({ type: 'RankSpeakers', peerIds: event.peerIds });
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
    if (producerIds.length > 0) void this.order({ type: 'CloseProducers', by: peerId, producerIds });
  }
}
