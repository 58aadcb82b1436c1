import { type edge, type livestreaming, type media, room } from '@parley/wire';
import type { Preset } from '../preset.js';
import type { Identity, MeetingState, Peer, Producer, Session, StageStatus, WaitingPeer } from '../state.js';

/** Peers as the messages show them. */

const STAGE_TYPE: Record<StageStatus, room.StageType> = {
  ON_STAGE: room.StageType.ON_STAGE,
  ACCEPTED_TO_JOIN_STAGE: room.StageType.APPROVED_STAGE,
  REQUESTED_TO_JOIN_STAGE: room.StageType.REQUESTED_STAGE,
  OFF_STAGE: room.StageType.OFF_STAGE,
};

export const stageType = (status: StageStatus): room.StageType => STAGE_TYPE[status];

export function wirePeer(peer: Peer): room.Peer {
  return { ...identity(peer, peer.preset), stageType: stageType(peer.stage), waitlisted: false };
}

export function wireWaitingPeer(peer: WaitingPeer): room.Peer {
  return { ...identity(peer, peer.preset), stageType: room.StageType.OFF_STAGE, waitlisted: true };
}

/** Absent rather than null: the SDK's writer throws on null; and `NONE`, since "" counts as a recorder (5.2). */
function identity(peer: Identity, preset: Preset) {
  return {
    peerId: peer.peerId,
    userId: peer.participantId,
    displayName: peer.displayName,
    customParticipantId: peer.customParticipantId,
    presetId: preset.id,
    displayPictureUrl: peer.picture ?? undefined,
    flags: {
      presetName: preset.name,
      recorderType: preset.permissions.recorder_type,
      hiddenParticipant: preset.permissions.hidden_participant,
    },
  };
}

export function roomParticipant(peer: Peer): edge.RoomParticipants {
  return {
    peerId: peer.peerId,
    userId: peer.participantId,
    displayName: peer.displayName,
    producerStates: [...peer.producers.values()].map(producerState),
  };
}

export function producerState(producer: Producer): media.ProducerState {
  return {
    producerId: producer.producerId,
    kind: producer.kind === 'audio' ? 0 : 1,
    pause: producer.paused,
    screenShare: producer.screenShare,
    appData: producer.appData,
    producingTransportId: producer.transportId,
    mimeType: producer.mimeType,
  };
}

/** The whole list each time; the client finds out what is new (protocol.md 9). */
export function waitingRequests(state: MeetingState): room.GetWaitingRoomRequests {
  const requests = [...state.waiting.values()]
    .filter((peer) => !peer.admitted)
    .map((peer) => ({
      peerId: peer.peerId,
      userId: peer.participantId,
      displayName: peer.displayName,
      picture: peer.picture ?? undefined,
      customParticipantId: peer.customParticipantId,
      presetName: peer.preset.name,
    }));
  return { requests };
}

export function stageRequests(session: Session): livestreaming.GetStageRequestsResponse {
  const requesting = [...session.peers.values()].filter((peer) => peer.stage === 'REQUESTED_TO_JOIN_STAGE');
  return {
    stageRequests: requesting.map((peer) => ({
      displayName: peer.displayName,
      userId: peer.participantId,
      peerId: peer.peerId,
    })),
  };
}
