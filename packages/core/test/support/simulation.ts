import {
  apply,
  BACKEND,
  type Command,
  countsAsParticipant,
  decide,
  type Effect,
  emptyMeeting,
  isDurable,
  type MeetingState,
  type Permissions,
  type SessionEvent,
  type TimeLimits,
  timeKeepingDueAt,
  view,
} from '@parley/core';
import { RoomEvent } from '@parley/wire';
import { ClientModel } from './client-model.js';
import { ensure, ensureSame } from './ensure.js';
import { ensureWithinLimits, whyNotSend } from './invariants.js';
import { START } from './meeting.js';
import { Random } from './random.js';
import { RandomCommands } from './random-commands.js';
import { durablePart, snapshot } from './snapshot.js';

/** How often the slower checks run, in steps. */
const CHECK_CLIENTS_EVERY = 10;
const REPLAY_EVERY = 100;
const LONGEST_PAUSE_MS = 4000;

/** What an actor needs for a command to change anything (features.md 5B); everybody else must be refused. */
const NEEDED: Partial<Record<Command['type'], (permissions: Permissions) => boolean>> = {
  KickPeers: (may) => may.kick_participant,
  EndSession: (may) => may.kick_participant,
  AcceptWaiting: (may) => may.accept_waiting_requests,
  DenyWaiting: (may) => may.accept_waiting_requests,
  PinPeer: (may) => may.pin_participant,
  ChangePermissions: (may) => may.can_change_participant_permissions,
  GrantStage: (may) => may.can_accept_production_requests,
  DenyStage: (may) => may.can_accept_production_requests,
  CreatePoll: (may) => may.polls.can_create,
  VotePoll: (may) => may.polls.can_vote,
  StartRecording: (may) => may.can_record,
  ControlRecording: (may) => may.can_record,
  StartLivestream: (may) => may.can_livestream,
  StopLivestream: (may) => may.can_livestream,
};

/** Messages that somebody who waits may get. */
const FOR_WAITING: number[] = [
  RoomEvent.joinRoom,
  RoomEvent.waitingRoomRequestAccepted,
  RoomEvent.waitingRoomRequestDenied,
];

/** A meeting under random commands, in which each step is held against what must always be true. */
export class Simulation {
  readonly state: MeetingState = emptyMeeting('meeting');
  /** Durable events of the live session: as they were when they happened, and as JSON of that moment. */
  #log: { event: SessionEvent; json: string }[] = [];
  readonly #inside = new Set<string>();
  readonly #clients = new Map<string, ClientModel>();
  /** Producers as the media worker has them, with whether it drops what they send. */
  readonly #worker = new Map<string, { peerId: string; muted: boolean }>();
  /** Recordings that were invoked and have neither stopped nor failed. */
  readonly #recording = new Set<string>();
  /** The livestream that was invoked and has neither stopped nor failed. */
  #livestream: string | null = null;
  #now = START;

  /** Runs a seed. A failure says the seed, the step and the command. */
  static run(seed: number, steps: number): void {
    const simulation = new Simulation();
    const random = new Random(seed);
    const commands = new RandomCommands(random, simulation.state);
    for (let step = 1; step <= steps; step++) {
      simulation.#now += random.below(LONGEST_PAUSE_MS);
      const command = commands.next();
      try {
        simulation.step(command);
        if (step % CHECK_CLIENTS_EVERY === 0) simulation.checkClients();
        if (step % REPLAY_EVERY === 0 || step === steps) simulation.checkReplay();
      } catch (cause) {
        throw new Error(`Seed ${seed}, step ${step}, ${JSON.stringify(command)}: ${cause}`, { cause });
      }
    }
  }

  step(command: Command): void {
    const { state } = this;
    const before = snapshot(state);
    const decision = decide(state, command, this.#now);
    ensure(snapshot(state) === before, 'decide has changed the state');
    if ('refusal' in decision) {
      ensureSame(Object.keys(decision), ['refusal'], 'a refusal');
      return;
    }
    this.#checkActor(command, decision.events);
    const effects: Effect[] = [];
    for (const event of decision.events) {
      this.#follow(event);
      apply(state, event);
      const told = view(state, event);
      this.#checkReceivers(event, told);
      effects.push(...told);
    }
    for (const effect of effects) this.#deliver(effect);
    if (command.type === 'KeepTime') this.#checkTime(command.limits, decision.events);
    this.#followClient(command);
    this.#checkState();
  }

  checkClients(): void {
    for (const [peerId, client] of this.#clients) if (this.#isConnected(peerId)) client.check();
  }

  checkReplay(): void {
    const replayed = emptyMeeting(this.state.meetingId);
    for (const { event, json } of this.#log) {
      ensure(JSON.stringify(event) === json, 'an event of the log was changed later');
      apply(replayed, JSON.parse(json));
    }
    ensureSame(durablePart(replayed), durablePart(this.state), 'the state after a replay');
  }

  #checkActor(command: Command, events: SessionEvent[]): void {
    const by = 'by' in command ? command.by : BACKEND;
    if (events.length === 0 || by === BACKEND) return;
    const actor = this.state.session?.peers.get(by);
    ensure(actor !== undefined, `${command.type} by somebody outside`);
    ensure(NEEDED[command.type]?.(actor.permissions) ?? true, 'done without permission');
  }

  /** Sessions begin and end one after the other; whoever joins leaves once, by himself or with the session. */
  #follow(event: SessionEvent): void {
    switch (event.type) {
      case 'SessionStarted':
        ensure(this.state.session === null, 'a second session');
        this.#log = [];
        break;
      case 'PeerJoined':
        ensure(!this.#inside.has(event.peer.peerId), 'joined twice');
        this.#inside.add(event.peer.peerId);
        break;
      case 'PeerLeft':
        ensure(this.#inside.delete(event.peerId), 'left twice');
        break;
      case 'SessionEnded':
        ensureSame(new Set(event.peerIds), this.#inside, 'who leaves with the session');
        ensureSame([...this.#recording], [], 'recordings that outlive their session');
        ensure(this.#livestream === null, 'a livestream that outlives its session');
        this.#inside.clear();
        break;
      case 'RecordingInvoked':
        ensure(!this.#recording.has(event.recording.id), 'recorded twice');
        this.#recording.add(event.recording.id);
        break;
      case 'RecordingChanged': {
        const isEnd = event.change.to === 'stopped' || event.change.to === 'failed';
        ensure(this.#recording.has(event.recordingId), 'a change of a recording that is over');
        if (isEnd) this.#recording.delete(event.recordingId);
        break;
      }
      case 'LivestreamInvoked':
        ensure(this.#livestream === null, 'a second livestream');
        this.#livestream = event.livestream.id;
        break;
      case 'LivestreamChanged':
        ensure(this.#livestream === event.livestreamSessionId, 'a change of a livestream that is over');
        if (event.change.to === 'stopped' || event.change.to === 'failed') this.#livestream = null;
        break;
      case 'ProducerAdded':
        this.#worker.set(event.producer.producerId, { peerId: event.peerId, muted: false });
    }
    if (isDurable(event)) this.#log.push({ event, json: JSON.stringify(event) });
  }

  /** Those of the session and of the waiting room, and those whom this event has just removed. */
  #checkReceivers(event: SessionEvent, effects: Effect[]): void {
    const { session, waiting } = this.state;
    const removed = new Set<string>();
    if (event.type === 'PeerLeft') removed.add(event.peerId);
    if (event.type === 'SessionEnded' || event.type === 'WaitingDenied') {
      for (const peerId of event.peerIds) removed.add(peerId);
    }
    for (const effect of effects) {
      if (effect.type === 'closeSockets') {
        for (const peerId of effect.peerIds) ensure(!session?.peers.has(peerId), 'a member cut off');
      }
      if (effect.type !== 'message') continue;
      ensure(effect.to.length > 0, 'a message to nobody');
      ensure(new Set(effect.to).size === effect.to.length, 'a copy too many');
      for (const peerId of effect.to) {
        if (session?.peers.has(peerId) || removed.has(peerId)) continue;
        ensure(waiting.has(peerId), `${peerId} is nobody here`);
        ensure(FOR_WAITING.includes(effect.event), 'somebody who waits learns too much');
      }
    }
  }

  #deliver(effect: Effect): void {
    switch (effect.type) {
      case 'message':
        for (const peerId of effect.to) this.#receive(peerId, effect.event, effect.payload);
        return;
      case 'muteProducer': {
        const producer = this.#worker.get(effect.producerId);
        if (producer) producer.muted = effect.muted;
        return;
      }
      case 'closeProducer':
        this.#worker.delete(effect.producerId);
        return;
      case 'releaseMedia':
        for (const [producerId, { peerId }] of this.#worker) {
          if (effect.peerIds.includes(peerId)) this.#worker.delete(producerId);
        }
        return;
      case 'closeSockets':
        for (const peerId of effect.peerIds) this.#clients.delete(peerId);
    }
  }

  #receive(peerId: string, event: (Effect & { type: 'message' })['event'], payload: Uint8Array): void {
    if (!this.#isConnected(peerId)) return;
    let client = this.#clients.get(peerId);
    if (!client) {
      client = new ClientModel(peerId, this.state);
      this.#clients.set(peerId, client);
    }
    client.receive(event, payload);
  }

  /** What clients do by themselves around their commands. */
  #followClient(command: Command): void {
    if (command.type === 'JoinMedia' && this.#isConnected(command.by)) {
      this.#clients.get(command.by)?.enterMedia();
    }
    if (command.type === 'LeaveMedia') this.#clients.get(command.by)?.leaveMedia();
    for (const peerId of this.#clients.keys()) {
      if (!this.state.session?.peers.has(peerId)) this.#clients.delete(peerId);
    }
  }

  /** A session ends by its time when it is over, not before, and is told of no end but this one. */
  #checkTime(limits: TimeLimits, events: SessionEvent[]): void {
    const end = events.find((event) => event.type === 'SessionEnded');
    if (end) ensure(end.reason === 'TIME_LIMIT', `ended by its time: ${end.reason}`);
    const { session } = this.state;
    if (!session) return;
    const due = timeKeepingDueAt(this.state, limits);
    ensure(due === null || due > this.#now, 'a session beyond its time');
    const told = session.timeWarning;
    const ends = [
      limits.endsAt,
      limits.maxSessionMs === null ? null : session.startedAt + limits.maxSessionMs,
    ];
    ensure(told === null || ends.includes(told.endsAt), 'an end that does not count was announced');
  }

  #isConnected(peerId: string): boolean {
    return this.state.session?.peers.get(peerId)?.lostAt === null;
  }

  #checkState(): void {
    const { session, waiting } = this.state;
    const producing = new Map<string, boolean>();
    for (const [peerId, peer] of session?.peers ?? []) {
      ensure(!waiting.has(peerId), `${peerId} waits and is in`);
      for (const producer of peer.producers.values()) {
        producing.set(producer.producerId, producer.paused);
        const refusal = producer.paused ? null : whyNotSend(peer, producer);
        ensure(refusal === null, `${producer.producerId} is sent: ${refusal}`);
      }
    }
    const dropped = [...this.#worker].map(([producerId, { muted }]) => [producerId, muted] as const);
    ensureSame(new Map(dropped), producing, 'the media worker');
    if (!session) return;
    ensureSame([...session.peers.keys()], [...this.#inside], 'who is in');
    const isEmpty = ![...session.peers.values()].some(countsAsParticipant);
    ensure((session.emptySince !== null) === isEmpty, 'emptySince');
    ensureSame([...session.recordings.keys()], [...this.#recording], 'which recordings run');
    ensureSame(session.livestream?.id ?? null, this.#livestream, 'which livestream runs');
    ensureWithinLimits(this.state);
  }
}
