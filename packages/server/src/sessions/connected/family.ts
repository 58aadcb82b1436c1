import { answers, type Identity, type MeetingState, type Peer } from '@parley/core';
import type { room } from '@parley/wire';
import type { MeetingId } from '../../ids.js';
import type { Room } from './places.js';

/** A client leaves, connects anew and joins within two seconds; one that takes longer is not waited for. */
const TRAVEL_MAX_MS = 15_000;

export interface Traveller {
  readonly who: Identity;
  /** Its peers as they were when they were moved: one for each tab. */
  readonly tabs: readonly Peer[];
  readonly to: MeetingId;
}

/**
 * A main meeting with its open rooms, and who is on the way between them: out of one session by right, and with a
 * client that is not ready in the other. Kept in memory while anybody is in one of the meetings; the truth is in the database.
 */
export class Family {
  readonly rooms = new Map<MeetingId, string>();
  /** Rooms that are being deleted: people still come out of them, and nobody is moved in. */
  readonly closing = new Set<MeetingId>();
  readonly #travellers = new Map<string, Traveller & { timer: NodeJS.Timeout }>();
  readonly #waiting = new Set<() => void>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(
    readonly mainId: MeetingId,
    readonly title: string,
    rooms: readonly Room[],
    /** Somebody has arrived or is not waited for any more. */
    private readonly settled: (family: Family) => void,
  ) {
    for (const { id, title: roomTitle } of rooms) this.rooms.set(id, roomTitle);
  }

  has(meetingId: MeetingId): boolean {
    return meetingId === this.mainId || this.rooms.has(meetingId);
  }

  takes(meetingId: MeetingId): boolean {
    return this.has(meetingId) && !this.closing.has(meetingId);
  }

  get meetingIds(): MeetingId[] {
    return [this.mainId, ...this.rooms.keys()];
  }

  get hasTravellers(): boolean {
    return this.#travellers.size > 0;
  }

  get travellers(): Iterable<Traveller> {
    return this.#travellers.values();
  }

  isOnTheWay(participantId: string, to: MeetingId): boolean {
    return this.#travellers.get(participantId)?.to === to;
  }

  /** The peer as it was when it was moved; nothing once its participant has arrived. */
  departed(peerId: string): Peer | undefined {
    for (const { tabs } of this.#travellers.values()) {
      const tab = tabs.find((peer) => peer.peerId === peerId);
      if (tab) return tab;
    }
    return undefined;
  }

  depart(peer: Peer, to: MeetingId): void {
    const { participantId } = peer;
    const before = this.#travellers.get(participantId);
    clearTimeout(before?.timer);
    const tabs = before?.to === to ? [...before.tabs, peer] : [peer];
    const timer = setTimeout(() => this.stopWaitingFor(participantId, to), TRAVEL_MAX_MS);
    this.#travellers.set(participantId, { who: peer, tabs, to, timer });
  }

  /** Has arrived, or left again before that, or takes too long. */
  stopWaitingFor(participantId: string, at: MeetingId): void {
    const traveller = this.#travellers.get(participantId);
    if (traveller?.to !== at) return;
    clearTimeout(traveller.timer);
    this.#travellers.delete(participantId);
    this.peopleCame();
    this.settled(this);
  }

  /** Everything is over: nobody is waited for. */
  forgetTravellers(): void {
    for (const [participantId, { to }] of [...this.#travellers]) this.stopWaitingFor(participantId, to);
  }

  /** Resolves when nobody is on the way to the meeting any more; within TRAVEL_MAX_MS. */
  arrivals(at: MeetingId, participantIds?: ReadonlySet<string>): Promise<void> {
    const areExpected = () =>
      [...this.#travellers].some(([id, { to }]) => to === at && (participantIds?.has(id) ?? true));
    return this.until(() => !areExpected());
  }

  /** Somebody is in another of its meetings, though his client may not be ready there. */
  peopleCame(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves when the test holds, which is judged whenever somebody has come or is not waited for any more. */
  until(test: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!test()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** One change of the list of rooms after the other. */
  exclusively<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(change);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  /** Who is where (protocol.md 14). Who is on the way is shown where he goes, and nowhere else. */
  list(stateOf: (meetingId: MeetingId) => MeetingState | undefined): room.GetConnectedRoomsDumpResponse {
    const place = (meetingId: MeetingId, title: string) => ({
      meetingId,
      title,
      people: this.#peopleOf(meetingId, stateOf(meetingId)),
    });
    return answers.connectedRooms(
      place(this.mainId, stateOf(this.mainId)?.session?.title ?? this.title),
      [...this.rooms].map(([id, title]) => place(id, title)),
    );
  }

  *#peopleOf(meetingId: MeetingId, state: MeetingState | undefined): Iterable<Identity> {
    yield* state?.session?.peers.values() ?? [];
    for (const { who, to } of this.#travellers.values()) if (to === meetingId) yield who;
  }
}
