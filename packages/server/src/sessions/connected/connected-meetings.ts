import {
  BACKEND,
  hasRoomRights,
  type Identity,
  isRoomTitle,
  MOVES_MAX,
  type Move,
  mayAlterRooms,
  mayEndEverywhere,
  mayMove,
  type Peer,
  ROOMS_MAX,
} from '@parley/core';
import { RoomEvent, type room, toClient } from '@parley/wire';
import type { Kysely } from 'kysely';
import type { Clock } from '../../clock.js';
import type { Database } from '../../database/tables.js';
import type { MeetingId } from '../../ids.js';
import type { Origin } from '../deliver.js';
import type { MeetingHost } from '../meeting-host.js';
import { ifAnybodyIsThere, Refused } from '../refused.js';
import type { Families, HostsById } from './families.js';
import type { Family } from './family.js';
import { finishRoom } from './finish-room.js';
import { closeRoom, insertRooms, isActive, presetsExist, type Room, titleOf } from './places.js';

/** Whoever asks for something: a peer, and the meeting that he is in. */
export interface Asker {
  host: MeetingHost;
  peerId: string;
}

/** What became of a room that was to be deleted. */
export interface DeletedRoom extends Room {
  found: boolean;
}

/**
 * What people do with connected meetings (features.md B01-B14). Rights are those in the meeting of the one who asks, and
 * hold on while he is moved: whoever closes rooms from inside of one moves himself first, and everything else after that.
 * What happens then is a change of one session at a time.
 */
export class ConnectedMeetings {
  constructor(
    private readonly db: Kysely<Database>,
    private readonly clock: Clock,
    private readonly hosts: HostsById,
    private readonly families: Families,
  ) {}

  /**
   * The main meeting, its rooms and who is in them (B03). Until there are rooms, only who may make or use some learns
   * more than the name of the meeting: every client asks once, and the list may be long. It asks when it has joined
   * completely, which is when somebody who was moved has arrived: a client that is sent on before goes astray.
   */
  list({ host, peerId }: Asker): room.GetConnectedRoomsDumpResponse {
    const family = this.families.of(host);
    const peer = host.state.session?.peers.get(peerId);
    if (peer) family?.stopWaitingFor(peer.participantId, host.meetingId);
    if (family && peer && (family.rooms.size > 0 || hasRoomRights(peer.permissions))) {
      return family.list((id) => this.hosts.peek(id)?.state);
    }
    const title = host.state.session?.title ?? '';
    return { parentMeeting: { id: host.meetingId, title, participants: [] }, meetings: [] };
  }

  /** Who comes back after a lost connection asks for nothing, and may have missed what was told meanwhile (B07). */
  hasJoined({ host }: Asker): void {
    const family = this.families.of(host);
    if (family) this.families.tellSoon(family);
  }

  /** Rooms of the main meeting, also when a room asks: rooms have no rooms of their own. */
  async create(asker: Asker, titles: readonly string[]): Promise<Room[]> {
    const { family, peer } = this.#known(asker);
    if (!mayAlterRooms(peer.permissions)) throw new Refused('permission_denied');
    return await family.exclusively(async () => {
      if (!titles.every(isRoomTitle)) throw new Refused('title_invalid');
      if (titles.length + family.rooms.size > ROOMS_MAX) throw new Refused('too_many_rooms');
      const rooms = await insertRooms(this.db, family.mainId, titles, this.clock.now());
      for (const { id, title } of rooms) family.rooms.set(id, title);
      this.#tellUpdated(family, rooms);
      return rooms;
    });
  }

  /** The backend may have given a room another title: the SDK has a call for it that sends nothing (B03). */
  async titleChanged(id: MeetingId): Promise<void> {
    const family = this.families.withRoom(id);
    await family?.exclusively(async () => {
      const title = await titleOf(this.db, id);
      if (family.rooms.get(id) === title) return;
      family.rooms.set(id, title);
      this.#tellUpdated(family, [{ id, title }]);
    });
  }

  /** Resolves when the rooms of a main meeting whose session has just ended have ended as well. */
  roomsEnded(mainId: MeetingId): Promise<void> {
    return this.families.roomsEnded(mainId);
  }

  /** Who is in a deleted room goes back to the main room (B08). Answers one entry for each id. */
  async delete(asker: Asker, ids: readonly MeetingId[]): Promise<DeletedRoom[]> {
    const { family, peer } = this.#known(asker);
    if (!mayAlterRooms(peer.permissions)) throw new Refused('permission_denied');
    return await family.exclusively(async () => {
      const answers: DeletedRoom[] = [];
      for (const id of ids) {
        const title = family.rooms.get(id);
        if (title !== undefined) await this.#delete(family, id);
        answers.push({ id, title: title ?? '', found: title !== undefined });
      }
      const gone = answers.filter((one) => one.found);
      if (gone.length > 0) {
        const payload = toClient.encode(RoomEvent.connectedRoomsDeleted, { payloads: gone });
        this.families.tell(family, RoomEvent.connectedRoomsDeleted, payload);
      }
      return answers;
    });
  }

  /**
   * Moves participants with all their tabs (B04). Who is on the way to the meeting that he is to leave is waited for;
   * who is in the other one already, or on the way to it, counts as moved.
   */
  async move(asker: Asker, from: MeetingId, to: MeetingId, moves: readonly Move[]): Promise<void> {
    if (moves.length > MOVES_MAX) throw new Refused('malformed');
    const { family, peer } = this.#known(asker);
    const participantIds = moves.map((one) => one.participantId);
    const presetIds = moves.flatMap((one) => one.presetId ?? []);
    const isMain = to === family.mainId;
    const wish = { participantIds, withPresets: presetIds.length > 0, toMain: isMain };
    if (!mayMove(peer, wish)) throw new Refused('permission_denied');
    if (!family.has(from) || from === to) throw new Refused('room_unknown');
    if (!(await presetsExist(this.db, family.mainId, presetIds))) throw new Refused('preset_unknown');
    await family.arrivals(from, new Set(participantIds));
    await family.exclusively(async () => {
      if (!family.takes(to)) throw new Refused('room_unknown');
      if (!isMain && !(await isActive(this.db, to))) throw new Refused('meeting_inactive');
      const source = await this.hosts.find(from);
      if (source && participantIds.some((id) => source.holds(id))) {
        await source.execute({ type: 'MoveOut', moves: [...moves], to: { meetingId: to, isMain } });
        return;
      }
      const target = this.hosts.peek(to);
      const areThere = participantIds.some((id) => target?.holds(id) || family.isOnTheWay(id, to));
      if (!areThere) throw new Refused('peer_unknown');
    });
  }

  /**
   * Ends the session of the meeting, and those of all connected ones when asked to (S32). The rooms always end with the
   * main room. From a room, who has no rights over the others ends his own alone.
   */
  async end(asker: Asker, everywhere: boolean, origin: Origin): Promise<void> {
    const { host, peerId } = asker;
    const family = this.families.of(host);
    const main = family && (await this.hosts.find(family.mainId));
    if (
      everywhere &&
      main?.state.session &&
      main !== host &&
      mayEndEverywhere(this.#known(asker).peer.permissions)
    ) {
      await ifAnybodyIsThere(main.execute({ type: 'EndSession', by: BACKEND }));
      await this.families.roomsEnded(main.meetingId);
      return;
    }
    await host.execute({ type: 'EndSession', by: peerId }, origin);
    await this.families.roomsEnded(host.meetingId);
  }

  /**
   * Acts while nobody is moved, once whoever is meant has come where he was sent to; he is waited for as long as for a
   * move. For what the backend does to people of a main meeting, wherever they are.
   */
  async whileNobodyMoves<T>(
    mainId: MeetingId,
    isMeant: (who: Identity) => boolean,
    act: () => Promise<T>,
  ): Promise<T> {
    const family = this.families.get(mainId);
    if (!family) return await act();
    const haveCome = () => !this.families.outside(family).some(isMeant);
    for (;;) {
      await family.until(haveCome);
      const done = await family.exclusively(async () => (haveCome() ? { answer: await act() } : null));
      if (done) return done.answer;
    }
  }

  /** Who is in none of the meetings at the moment, being moved from one to the other. */
  onTheWay(mainId: MeetingId): Identity[] {
    const family = this.families.get(mainId);
    return family ? this.families.outside(family) : [];
  }

  /** To everybody in the named meetings but the sender (B13). */
  async broadcast(
    asker: Asker,
    kind: string,
    payload: Uint8Array,
    meetingIds: readonly MeetingId[],
  ): Promise<void> {
    const { host, peerId } = asker;
    const { family } = this.#known(asker);
    if (meetingIds.some((id) => !family.has(id))) throw new Refused('room_unknown');
    const here = meetingIds.includes(host.meetingId) ? [...(host.state.session?.peers.keys() ?? [])] : [];
    await host.execute({ type: 'Broadcast', by: peerId, kind, payload, toPeerIds: here });
    for (const id of new Set(meetingIds)) {
      const other = id === host.meetingId ? undefined : this.hosts.peek(id);
      if (other) await ifAnybodyIsThere(other.execute({ type: 'Relay', from: peerId, kind, payload }));
    }
  }

  /** First nobody comes in any more, then everybody goes out; a crash between the two is made up for at the start. */
  async #delete(family: Family, id: MeetingId): Promise<void> {
    family.closing.add(id);
    try {
      await family.arrivals(id);
      await closeRoom(this.db, id, this.clock.now());
      const room = await this.hosts.find(id);
      room?.voidAdmissions();
      try {
        if (room) await finishRoom(room, 'deleted');
      } finally {
        // It is closed, whatever comes of this; who could not be told is, when the room is read back.
        family.rooms.delete(id);
      }
    } finally {
      family.closing.delete(id);
    }
  }

  #tellUpdated(family: Family, payloads: readonly Room[]): void {
    const payload = toClient.encode(RoomEvent.connectedRoomsUpdated, { payloads: [...payloads] });
    this.families.tell(family, RoomEvent.connectedRoomsUpdated, payload);
  }

  /** The peer that asks, also while it is on the way. */
  #known({ host, peerId }: Asker): { family: Family; peer: Peer } {
    const family = this.families.of(host);
    const peer = host.state.session?.peers.get(peerId) ?? family?.departed(peerId);
    if (!family || !peer) throw new Refused('not_joined');
    return { family, peer };
  }
}
