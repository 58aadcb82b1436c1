import {
  apply,
  type Command,
  decide,
  type Effect,
  emptyMeeting,
  isDurable,
  type MeetingState,
  type SessionEvent,
  view,
} from '@parley/core';
import { ensure, ensureSame } from './ensure.js';
import { identity, KEEP_ALIVE_MS, START } from './meeting.js';
import { host } from './presets.js';
import { Random } from './random.js';
import { durablePart } from './snapshot.js';

const MAIN = 'main';
const ROOMS = ['red', 'blue', 'green'];
const MEETINGS = [MAIN, ...ROOMS];
const PEOPLE = Array.from({ length: 8 }, (_, n) => `person-${n}`);
const LONGEST_PAUSE_MS = 2000;

/** How often each step is taken. */
const STEPS = { join: 6, leave: 1, lose: 2, knock: 6, move: 8, tell: 8, endAll: 0.3, crash: 1 };

/** What a client knows: the meeting its token opens, and its peer there, which is new for each meeting. */
interface Client {
  meetingId: string;
  peerId: string;
  isConnected: boolean;
}

interface Place {
  meetingId: string;
  mainSessionId: string;
}

/** What a commit writes for one session. */
interface Commit {
  meetingId: string;
  events: SessionEvent[];
}

/**
 * A main meeting with three rooms under random moves, with the database, the doors and the lost messages of the server
 * as plain data. A crash loses everything but what was committed, at every point between decision and message.
 */
export class FamilySimulation {
  #states = new Map(MEETINGS.map((id) => [id, emptyMeeting(id)]));
  /** The database: the log of each live session, places, and how each peer has left. */
  readonly #logs = new Map<string, string[]>();
  readonly #places = new Map<string, Place>();
  readonly #gone = new Map<string, string>();
  readonly #clients = new Map<string, Client>();
  /** Where each was moved last by a move that was not lost in a crash. */
  readonly #acknowledged = new Map<string, Place>();
  /** Messages 24 on their way: peer ids, which may get lost or come twice. */
  #transfers: string[] = [];
  #now = START;
  #count = 0;

  private constructor(private readonly random: Random) {}

  /** Runs a seed. A failure says the seed and the step. */
  static run(seed: number, steps: number): void {
    const random = new Random(seed);
    const simulation = new FamilySimulation(random);
    for (let step = 1; step <= steps; step++) {
      simulation.#now += random.below(LONGEST_PAUSE_MS);
      const kind = random.weighted(STEPS);
      try {
        simulation.#step(kind);
        simulation.#check();
        if (step % 50 === 0) simulation.#settle();
      } catch (cause) {
        throw new Error(`Seed ${seed}, step ${step}, ${kind}: ${cause}`, { cause });
      }
    }
  }

  #step(kind: keyof typeof STEPS): void {
    const { random } = this;
    const person = random.of(PEOPLE);
    const client = this.#clients.get(person);
    switch (kind) {
      case 'join':
        if (!client) this.#enter(person, MAIN);
        return;
      case 'leave':
        if (client) this.#leave(person, client);
        return;
      case 'lose':
        if (client) this.#lose(client);
        return;
      case 'knock':
        if (client && !client.isConnected) this.#knock(person, client);
        return;
      case 'move':
        this.#move(random.of(MEETINGS), random.of(MEETINGS), random.some(PEOPLE, 4));
        return;
      case 'tell':
        this.#tell();
        return;
      case 'endAll':
        this.#endAll();
        return;
      case 'crash':
        this.#crash();
    }
  }

  /** What the door of a meeting asks the database. */
  #mayEnter(person: string, meetingId: string): boolean {
    if (meetingId === MAIN) return true;
    const place = this.#places.get(person);
    const main = this.#state(MAIN).session;
    return place?.meetingId === meetingId && main !== null && place.mainSessionId === main.id;
  }

  /** A new client of a person, with a peer id that nobody has had. */
  #enter(person: string, meetingId: string): void {
    if (!this.#mayEnter(person, meetingId)) {
      this.#clients.delete(person);
      return;
    }
    const client: Client = { meetingId, peerId: `peer-${++this.#count}`, isConnected: true };
    this.#clients.set(person, client);
    this.#join(person, client);
  }

  #join(person: string, { meetingId, peerId }: Client): void {
    const mainSessionId = this.#places.get(person)?.mainSessionId;
    this.#do(meetingId, {
      type: 'Join',
      who: { ...identity(peerId, host()), participantId: person },
      newSession: {
        id: `session-${++this.#count}`,
        title: meetingId,
        keepAliveMs: KEEP_ALIVE_MS,
        ...(meetingId !== MAIN && mainSessionId !== undefined && { mainSessionId }),
      },
      invited: meetingId !== MAIN,
    });
  }

  #leave(person: string, { meetingId, peerId }: Client): void {
    this.#do(meetingId, { type: 'Leave', peerId });
    this.#clients.delete(person);
  }

  #lose(client: Client): void {
    client.isConnected = false;
    this.#do(client.meetingId, { type: 'LoseConnection', peerId: client.peerId });
  }

  /** A client comes back with the peer it had, and hears first what it has missed. */
  #knock(person: string, client: Client): void {
    const reason = this.#gone.get(client.peerId);
    if (reason === 'moved') this.#follow(person);
    else if (reason) this.#clients.delete(person);
    else {
      client.isConnected = true;
      this.#join(person, client);
    }
  }

  /** Goes where the person's place is, as message 24 says; who has none there any more is told that it is over. */
  #follow(person: string): void {
    const place = this.#places.get(person);
    this.#clients.delete(person);
    ensureSame(place, this.#acknowledged.get(person), `the place of ${person}`);
    if (place && place.mainSessionId === this.#state(MAIN).session?.id) this.#enter(person, place.meetingId);
  }

  #move(from: string, to: string, people: string[]): void {
    if (from === to) return;
    const moves = people.map((participantId) => ({ participantId, presetId: null }));
    const moment = this.random.below(10);
    const commit = this.#decide(from, { type: 'MoveOut', moves, to: { meetingId: to, isMain: to === MAIN } });
    if (moment === 0) {
      this.#crash();
      return;
    }
    const mainSessionId = this.#state(MAIN).session?.id ?? '';
    const effects = this.#commit(commit);
    for (const event of commit.events) {
      if (event.type !== 'PeerLeft' || !event.movedTo) continue;
      this.#acknowledged.set(event.movedTo.participantId, { meetingId: to, mainSessionId });
    }
    if (moment === 1) this.#crash();
    else this.#deliver(effects);
  }

  /** One of the messages arrives, is lost with its connection, or comes once more. */
  #tell(): void {
    const peerId = this.#transfers.shift();
    if (!peerId) return;
    const [person, client] = [...this.#clients].find(([, one]) => one.peerId === peerId) ?? [];
    if (this.random.chance(0.2)) this.#transfers.push(peerId);
    if (!person || !client?.isConnected) return;
    if (this.random.chance(0.2)) client.isConnected = false;
    else this.#follow(person);
  }

  /** The main session ends, and then its rooms; what a crash between the two leaves is finished at the start. */
  #endAll(): void {
    if (!this.#state(MAIN).session) return;
    const main = this.#state(MAIN).session!;
    const by = [...main.peers.keys()][0];
    if (!by) return;
    this.#do(MAIN, { type: 'EndSession', by });
    if (this.random.chance(0.3)) this.#crash();
    else this.#endRooms();
  }

  #endRooms(): void {
    for (const id of ROOMS) {
      const session = this.#state(id).session;
      const by = session && [...session.peers.keys()][0];
      if (by) this.#do(id, { type: 'EndSession', by });
      else if (session) this.#forget(id);
    }
  }

  /** An empty session of a room has nobody who could end it: it ends by its keep-alive time. */
  #forget(id: string): void {
    this.#now += KEEP_ALIVE_MS;
    this.#do(id, { type: 'EndIfAbandoned' });
  }

  #crash(): void {
    this.#transfers = [];
    for (const client of this.#clients.values()) client.isConnected = false;
    this.#states = new Map(MEETINGS.map((id) => [id, emptyMeeting(id)]));
    for (const [id, log] of this.#logs) for (const line of log) apply(this.#state(id), JSON.parse(line));
    for (const id of MEETINGS) {
      for (const peerId of this.#state(id).session?.peers.keys() ?? []) {
        this.#do(id, { type: 'LoseConnection', peerId });
      }
    }
    if (!this.#state(MAIN).session) this.#endRooms();
  }

  #do(meetingId: string, command: Command): void {
    this.#deliver(this.#commit(this.#decide(meetingId, command)));
  }

  #decide(meetingId: string, command: Command): Commit {
    const decision = decide(this.#state(meetingId), command, this.#now);
    return { meetingId, events: 'events' in decision ? decision.events : [] };
  }

  /** Log, places and leaves in one step, as the journal writes them in one transaction. */
  #commit({ meetingId, events }: Commit): Effect[] {
    const state = this.#state(meetingId);
    return events.flatMap((event) => {
      this.#write(meetingId, state, event);
      apply(state, event);
      return view(state, event);
    });
  }

  #write(meetingId: string, state: MeetingState, event: SessionEvent): void {
    if (!isDurable(event)) return;
    if (event.type === 'SessionStarted') this.#logs.set(meetingId, []);
    this.#logs.get(meetingId)?.push(JSON.stringify(event));
    if (event.type === 'SessionEnded') {
      for (const peerId of event.peerIds) this.#gone.set(peerId, 'ended');
      this.#logs.delete(meetingId);
    }
    if (event.type !== 'PeerLeft') return;
    this.#gone.set(event.peerId, event.reason);
    if (!event.movedTo) return;
    const mainSessionId = this.#state(MAIN).session?.id;
    ensure(mainSessionId !== undefined, 'moved without a main session');
    this.#places.set(event.movedTo.participantId, { meetingId: event.movedTo.meetingId, mainSessionId });
    ensure(state.session !== null, 'moved out of no session');
  }

  #deliver(effects: Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'transferPeer') this.#transfers.push(effect.peerId);
      if (effect.type !== 'closeSockets') continue;
      for (const [person, client] of this.#clients) {
        if (effect.peerIds.includes(client.peerId)) this.#clients.delete(person);
      }
    }
  }

  #state(meetingId: string): MeetingState {
    return this.#states.get(meetingId)!;
  }

  /** Nobody is in two meetings, and no room has a session without the main one. */
  #check(): void {
    const seen = new Set<string>();
    for (const id of MEETINGS) {
      const { session } = this.#state(id);
      ensure(
        id === MAIN || !session || this.#state(MAIN).session !== null,
        `${id} goes on without the main room`,
      );
      for (const { participantId } of session?.peers.values() ?? []) {
        ensure(!seen.has(participantId), `${participantId} is in two meetings`);
        seen.add(participantId);
      }
    }
  }

  /** When every message has arrived and every client has come back, everybody is where the last move has put him. */
  #settle(): void {
    for (const [person, client] of [...this.#clients]) {
      if (!client.isConnected || this.#gone.has(client.peerId)) this.#knock(person, client);
    }
    this.#transfers = [];
    this.#check();
    for (const id of MEETINGS) {
      const replayed = emptyMeeting(id);
      for (const line of this.#logs.get(id) ?? []) apply(replayed, JSON.parse(line));
      ensureSame(durablePart(replayed), durablePart(this.#state(id)), `${id} after a replay`);
    }
    for (const [person, client] of this.#clients) {
      const peer = this.#state(client.meetingId).session?.peers.get(client.peerId);
      ensure(peer?.participantId === person && peer.lostAt === null, `${person} is lost`);
      const place = this.#places.get(person);
      const isMoved = place?.mainSessionId === this.#state(MAIN).session?.id;
      if (client.meetingId !== MAIN)
        ensure(isMoved && place?.meetingId === client.meetingId, `${person} strays`);
    }
  }
}
