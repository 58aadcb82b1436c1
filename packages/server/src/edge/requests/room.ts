import { answers, stageRequests, waitingRequests } from '@parley/core';
import { RoomEvent, room } from '@parley/wire';
import type { MeetingId } from '../../ids.js';
import { identityOf } from '../../sessions/meeting-info.js';
import { Refused } from '../../sessions/refused.js';
import { ask, on, type Route } from '../request.js';

const DISPLAY_NAME_MAX_CHARACTERS = 256;
const MEMBERS_MAX = 1000;

/** Joining, asking who is there, the waiting room, kick and end (protocol.md 5, 8, 9). */
export const roomRoutes: Route[] = [
  on(RoomEvent.joinRoom, async (request, message) => {
    const wanted = (message.peer?.displayName ?? '').slice(0, DISPLAY_NAME_MAX_CHARACTERS);
    const { peerId } = request.connection;
    try {
      await request.host.join(
        request.admit,
        (admission) => identityOf(admission, peerId, wanted),
        request.origin,
      );
      request.connected.hasJoined(request);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'main_session_over') throw error;
      // It was ended for everybody while this one was on the way to a connected meeting (S32).
      request.host.dismiss([peerId], RoomEvent.kickAll);
    }
  }),
  ask(RoomEvent.getRoomInfo, (request) =>
    request.answer(RoomEvent.getRoomInfo, answers.roomInfo(request.host.state)),
  ),
  ask(RoomEvent.getRoomPeersInfo, (request, message) => {
    const peers = answers.roomPeers(request.host.state, request.peerId, message);
    request.answer(RoomEvent.getRoomPeersInfo, request.mayLookIn ? peers : { peers: [] });
  }),

  ask(RoomEvent.getWaitingRoomRequests, (request) => {
    const { state } = request.host;
    const peer = state.session?.peers.get(request.peerId);
    // A waiting client asks as well, whatever its preset says; it learns of nobody (features.md R09).
    const requests = peer?.permissions.accept_waiting_requests ? waitingRequests(state) : { requests: [] };
    request.answer(RoomEvent.getWaitingRoomRequests, requests);
  }),
  on(RoomEvent.acceptWaitingRoomRequests, (request, { userIds }) =>
    request.execute({ type: 'AcceptWaiting', by: request.peerId, participantIds: bounded(userIds) }),
  ),
  on(RoomEvent.denyWaitingRoomRequests, (request, { userIds }) =>
    request.execute({ type: 'DenyWaiting', by: request.peerId, participantIds: bounded(userIds) }),
  ),

  // Neither is answered: whoever receives one of these two events leaves (protocol.md 8.2).
  on(RoomEvent.kick, (request, { peerIds }) =>
    request.execute({ type: 'KickPeers', by: request.peerId, peerIds: bounded(peerIds) }),
  ),
  on(RoomEvent.kickAll, (request, { propagateKickAcrossRooms }) =>
    request.connected.end(request, propagateKickAcrossRooms, request.origin),
  ),

  on(RoomEvent.broadcastMessage, (request, message) =>
    request.execute({
      type: 'Broadcast',
      by: request.peerId,
      kind: message.type,
      payload: message.payload,
      toPeerIds: null,
    }),
  ),
  on(RoomEvent.broadcastToEntity, async (request, message) => {
    const { type: kind, payload, broadcastType } = message;
    const ids = bounded(message.ids);
    if (broadcastType !== room.BroadcastType.ROOMS) {
      return request.execute({ type: 'Broadcast', by: request.peerId, kind, payload, toPeerIds: ids });
    }
    await request.connected.broadcast(request, kind, payload, ids as MeetingId[]);
    // Of the two kinds of targets the SDK waits for an answer to this one, and takes it for the message itself.
    const isHere = ids.includes(request.host.meetingId);
    request.answer(
      RoomEvent.broadcastToEntity,
      isHere ? { ...message, ids: [] } : room.BroadcastMessage.create(),
    );
  }),

  ask(RoomEvent.getStageRequests, (request) => {
    const { session } = request.host.state;
    if (!session?.peers.has(request.peerId)) throw new Refused('not_joined');
    request.answer(RoomEvent.getStageRequests, stageRequests(session));
  }),
  on(RoomEvent.requestStageAccess, (request) =>
    request.execute({ type: 'RequestStage', by: request.peerId }),
  ),
  on(RoomEvent.cancelStageRequest, (request) =>
    request.execute({ type: 'CancelStageRequest', by: request.peerId }),
  ),
  on(RoomEvent.grantStageAccess, (request, { userIds }) =>
    request.execute({ type: 'GrantStage', by: request.peerId, participantIds: bounded(userIds) }),
  ),
  on(RoomEvent.denyStageAccess, (request, { userIds }) =>
    request.execute({ type: 'DenyStage', by: request.peerId, participantIds: bounded(userIds) }),
  ),
  on(RoomEvent.joinStage, (request) => request.execute({ type: 'JoinStage', by: request.peerId })),
  // Leaving oneself is answered by event 38, removing others by this one; both carry the id (protocol.md 10).
  on(RoomEvent.leaveStage, async (request, { userIds }) => {
    await request.execute({ type: 'LeaveStage', by: request.peerId, participantIds: bounded(userIds) });
    request.answer(RoomEvent.leaveStage);
  }),
];

function bounded(ids: string[]): string[] {
  if (ids.length > MEMBERS_MAX) throw new Refused('malformed');
  return ids;
}
