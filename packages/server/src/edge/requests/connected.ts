import { RoomEvent } from '@parley/wire';
import type { MeetingId } from '../../ids.js';
import { on, type Route } from '../request.js';

/**
 * Connected meetings (protocol.md 14). Nothing here may be answered with what others get as a push as well, and the
 * answer to a move must not hold the word `error`, which the client takes for a failure.
 */
export const connectedRoutes: Route[] = [
  on(RoomEvent.getConnectedRoomsDump, (request) => {
    request.answer(RoomEvent.getConnectedRoomsDump, request.connected.list(request));
  }),
  on(RoomEvent.createConnectedRooms, async (request, { payloads }) => {
    const titles = payloads.map(({ title }) => title ?? '');
    const rooms = await request.connected.create(request, titles);
    request.answer(RoomEvent.createConnectedRooms, { payloads: rooms });
  }),
  on(RoomEvent.deleteConnectedRooms, async (request, { payloads }) => {
    const ids = payloads.map(({ id }) => (id ?? '') as MeetingId);
    const rooms = await request.connected.delete(request, ids);
    request.answer(RoomEvent.deleteConnectedRooms, {
      payloads: rooms.map(({ id, title, found }) =>
        found
          ? { id, title, status: 'INACTIVE' }
          : { id, error: { code: 'room_unknown', message: 'No such connected meeting' } },
      ),
    });
  }),
  on(RoomEvent.movePeers, async (request, { sourceMeetingId, destinationMeetingId, participants }) => {
    const moves = participants.map(({ id, presetId }) => ({
      participantId: id ?? '',
      presetId: presetId ? presetId : null,
    }));
    const [from, to] = [sourceMeetingId ?? '', destinationMeetingId ?? ''];
    await request.connected.move(request, from as MeetingId, to as MeetingId, moves);
    request.answer(RoomEvent.movePeers, { payloads: [] });
  }),
];
