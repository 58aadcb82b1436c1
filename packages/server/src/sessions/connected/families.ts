import { hasRoomRights, type Identity, type Peer, sessionEndsAt, type TimeLimits } from '@parley/core';
import { encodeBroadcast, RoomEvent, type ServerEvent, toClient } from '@parley/wire';
import type { Kysely } from 'kysely';
import type { Database } from '../../database/tables.js';
import type { MeetingId, ParticipantId } from '../../ids.js';
import type { Changes } from '../changes.js';
import type { MeetingHost } from '../meeting-host.js';
import type { MeetingInfo } from '../meeting-info.js';
import { Family } from './family.js';
import type { FamilyLink } from './family-link.js';
import { finishRoom } from './finish-room.js';
import { loadRooms } from './places.js';
import type { Transfers } from './transfers.js';

/** Who is where is told at most so often, however many people come and go. */
const TELL_EVERY_MS = 300;

/** How a family finds the hosts of its meetings. */
export interface HostsById {
  /** The host as it is now; undefined when nobody is there, or while a lost one is read back. */
  peek(meetingId: MeetingId): MeetingHost | undefined;
  /** Waits for a host that is being read back. */
  find(meetingId: MeetingId): Promise<MeetingHost | undefined>;
  /** False until all sessions of before the start are taken up. */
  readonly isRecovered: boolean;
}

/** The families of connected meetings in which anybody is: keeps them together, and tells them who is where. */
export class Families implements FamilyLink {
  readonly #byMain = new Map<MeetingId, Family>();
  readonly #loading = new Map<MeetingId, Promise<void>>();
  readonly #ending = new Map<MeetingId, Promise<void>>();
  readonly #telling = new Map<MeetingId, NodeJS.Timeout>();

  constructor(
    private readonly db: Kysely<Database>,
    private readonly hosts: HostsById,
    private readonly transfers: Transfers,
  ) {}

  async load(meeting: Pick<MeetingInfo, 'meetingId' | 'mainMeetingId'>): Promise<void> {
    const mainId = meeting.mainMeetingId ?? meeting.meetingId;
    if (this.#byMain.has(mainId)) return;
    const loading = this.#loading.get(mainId) ?? this.#read(mainId);
    this.#loading.set(mainId, loading);
    await loading;
  }

  /** The family of a meeting in which somebody is. */
  of(host: MeetingHost): Family | undefined {
    return this.#byMain.get(host.meeting?.mainMeetingId ?? host.meetingId);
  }

  get(mainId: MeetingId): Family | undefined {
    return this.#byMain.get(mainId);
  }

  withRoom(roomId: MeetingId): Family | undefined {
    for (const family of this.#byMain.values()) if (family.rooms.has(roomId)) return family;
    return undefined;
  }

  hostsOf(family: Family): MeetingHost[] {
    return family.meetingIds.flatMap((id) => this.hosts.peek(id) ?? []);
  }

  isHeldOpen(host: MeetingHost): boolean {
    if (host.meeting?.mainMeetingId) return false;
    if (!this.hosts.isRecovered) return true;
    const family = this.#byMain.get(host.meetingId);
    return family !== undefined && (family.hasTravellers || this.#liveRooms(family).length > 0);
  }

  participantsInRooms(host: MeetingHost): number {
    const family = this.#byMain.get(host.meetingId);
    if (!family) return 0;
    return this.#liveRooms(family).reduce((sum, one) => sum + one.participants, 0);
  }

  isInRooms(host: MeetingHost, participantId: string): boolean {
    const family = this.#byMain.get(host.meetingId);
    if (!family) return false;
    const isOnTheWay = [...family.travellers].some(({ who }) => who.participantId === participantId);
    return isOnTheWay || this.#liveRooms(family).some((room) => room.holds(participantId));
  }

  limitsOf({ meeting }: MeetingHost): TimeLimits | null {
    if (!meeting?.mainMeetingId) return meeting?.limits ?? null;
    const main = this.hosts.peek(meeting.mainMeetingId);
    const session = main?.state.session;
    if (!session || !main.meeting) return null;
    const { startedAt } = session;
    const mainSession = { startedAt, endsAt: sessionEndsAt(session, main.meeting.limits) };
    return { ...meeting.limits, mainSession };
  }

  /** Those on the way who are not in the session yet that they were sent to. */
  outside(family: Family): Identity[] {
    return [...family.travellers]
      .filter(({ who, to }) => !this.hosts.peek(to)?.holds(who.participantId))
      .map(({ who }) => who);
  }

  committed(host: MeetingHost, changes: readonly Changes[]): void {
    const family = this.of(host);
    if (!family) return;
    let peopleChanged = false;
    for (const { joined, left, moved, ended } of changes) {
      for (const { peer } of left) family.stopWaitingFor(peer.participantId, host.meetingId);
      for (const { peer, to } of moved) family.depart(peer, to.meetingId as MeetingId);
      peopleChanged ||= joined.length > 0 || left.length > 0 || ended !== null;
      if (ended) this.#followEnd(family, host, ended.reason);
    }
    if (changes.some(({ joined }) => joined.length > 0)) family.peopleCame();
    if (peopleChanged) this.tellSoon(family);
  }

  transfer(host: MeetingHost, peerId: string, participantId: string): void {
    this.transfers.send({ host, peerId, participantId: participantId as ParticipantId });
  }

  /** Resolves when the rooms of a main meeting whose session has ended have ended as well. */
  async roomsEnded(mainId: MeetingId): Promise<void> {
    await this.#ending.get(mainId);
  }

  /** Tells something to those of all meetings that pass the test. */
  tell(
    family: Family,
    event: ServerEvent,
    payload: Uint8Array,
    test: (peer: Peer) => boolean = () => true,
  ): void {
    const { frame } = encodeBroadcast(event, payload);
    for (const host of this.hostsOf(family)) {
      for (const peer of host.state.session?.peers.values() ?? []) {
        if (test(peer)) host.connections.get(peer.peerId)?.send(frame);
      }
    }
  }

  /** Tells who is where to those who can do something with it, together with what changes in the next moment. */
  tellSoon(family: Family): void {
    if (family.rooms.size === 0 || this.#telling.has(family.mainId)) return;
    const timer = setTimeout(() => {
      this.#telling.delete(family.mainId);
      this.#tellWhoIsWhere(family);
    }, TELL_EVERY_MS);
    this.#telling.set(family.mainId, timer);
  }

  /** The host of one of its meetings was let go of; with the last one the family is forgotten. */
  released(host: MeetingHost): void {
    const family = this.of(host);
    if (!family || family.hasTravellers || this.hostsOf(family).length > 0) return;
    this.#byMain.delete(family.mainId);
    this.#stopTelling(family);
  }

  /** All sessions of before the start are there: what was held open on suspicion may end. */
  recovered(hosts: Iterable<MeetingHost>): void {
    for (const host of hosts) host.review();
  }

  close(): void {
    for (const family of this.#byMain.values()) {
      this.#stopTelling(family);
      family.forgetTravellers();
    }
    this.#byMain.clear();
  }

  async #read(mainId: MeetingId): Promise<void> {
    try {
      const found = await loadRooms(this.db, mainId);
      if (!found) return;
      const settled = (family: Family) => {
        this.hosts.peek(mainId)?.review();
        this.tellSoon(family);
      };
      this.#byMain.set(mainId, new Family(mainId, found.title, found.rooms, settled));
    } finally {
      this.#loading.delete(mainId);
    }
  }

  #liveRooms(family: Family): MeetingHost[] {
    return [...family.rooms.keys()]
      .flatMap((id) => this.hosts.peek(id) ?? [])
      .filter((host) => host.state.session !== null);
  }

  /** The rooms end with the main room, in whatever way it ends; the main room may end with the last of them. */
  #followEnd(family: Family, host: MeetingHost, reason: string): void {
    if (host.meetingId !== family.mainId) {
      this.hosts.peek(family.mainId)?.review();
      return;
    }
    family.forgetTravellers();
    const ending = this.#endRooms(family, reason === 'TIME_LIMIT' ? 'over' : 'ended').finally(() => {
      if (this.#ending.get(family.mainId) === ending) this.#ending.delete(family.mainId);
    });
    this.#ending.set(family.mainId, ending);
  }

  /** What fails here is made up for when the room is read back: its main session has ended. */
  async #endRooms(family: Family, why: 'ended' | 'over'): Promise<void> {
    const ends = [...family.rooms.keys()].map(async (roomId) => {
      const room = await this.hosts.find(roomId);
      if (!room) return;
      room.voidAdmissions();
      await finishRoom(room, why);
    });
    await Promise.allSettled(ends);
  }

  #stopTelling(family: Family): void {
    clearTimeout(this.#telling.get(family.mainId));
    this.#telling.delete(family.mainId);
  }

  /** To those who can do something with it: the list has everybody in it, and so has the number of its receivers. */
  #tellWhoIsWhere(family: Family): void {
    const list = family.list((id) => this.hosts.peek(id)?.state);
    const payload = toClient.encode(RoomEvent.getConnectedRoomsDump, list);
    this.tell(family, RoomEvent.getConnectedRoomsDump, payload, (peer) => hasRoomRights(peer.permissions));
  }
}
