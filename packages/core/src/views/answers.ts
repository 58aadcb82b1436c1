import type { chat, edge, plugin, polls, preset, room } from '@parley/wire';
import { isVisibleTo } from '../rules/chat.js';
import { isVisible } from '../rules/visibility.js';
import type { Identity, MeetingState, Peer, Session } from '../state.js';
import { chatMessage } from './chat.js';
import { roomParticipant, wirePeer } from './peers.js';
import { pollFor } from './polls.js';
import { activeRecordings } from './recordings.js';
import { storeResponse } from './stores.js';

/** Answers to the questions of a client; they read the state and change nothing. */

/** Start time in seconds; only what the SDK reads of the room (protocol.md 5.2). */
export function roomInfo(state: MeetingState): room.RoomInfoResponse {
  const { session, meetingId } = state;
  return {
    room: {
      roomId: meetingId,
      title: session?.title ?? '',
      createdAt: Math.floor((session?.startedAt ?? 0) / 1000),
      activeRecordings: activeRecordings(session),
      roomUuid: session?.id,
    },
  };
}

/** The visible peers, and the asking one; a waiting peer learns nothing (features.md W01, V12). */
export function roomPeers(
  state: MeetingState,
  askingPeerId: string,
  query: room.RoomPeersInfoRequest,
): room.RoomPeersInfoResponse {
  if (!state.session || state.waiting.has(askingPeerId)) return { peers: [] };
  const search = query.seachQuery.trim().toLowerCase();
  const found = [...state.session.peers.values()].filter(
    (peer) =>
      (isVisible(peer) || peer.peerId === askingPeerId) &&
      (search === '' || peer.displayName.toLowerCase().includes(search)),
  );
  const start = Math.max(0, query.offset);
  const end = query.limit > 0 ? start + query.limit : undefined;
  return { peers: found.slice(start, end).map(wirePeer) };
}

/** Everybody else whose media join is complete, with what they send (protocol.md 5.2). */
export function mediaState(session: Session, self: Peer): edge.PeerJoinCompleteResponse {
  const others = [...session.peers.values()].filter(
    (peer) => peer.mediaJoined && peer.peerId !== self.peerId && isVisible(peer),
  );
  return {
    roomState: {
      displayTitle: session.title,
      lockedMode: false,
      roomUuid: session.id,
      roomName: '',
      currentPeerId: self.peerId,
      pinnedPeerIds: session.pinnedPeerId ? [session.pinnedPeerId] : [],
    },
    participants: others.map(roomParticipant),
    selectedPeers: { audioPeers: [...session.speakers], compulsoryPeers: [] },
    maxPreferredStreams: 0,
  };
}

export function chatHistory(session: Session, self: Peer): chat.GetChatMessagesResponse {
  return { messages: [...session.chat.values()].filter((one) => isVisibleTo(one, self)).map(chatMessage) };
}

export function pollList(session: Session, self: Peer): polls.GetPollsResponse {
  if (!self.permissions.polls.can_view) return { polls: [] };
  return { polls: [...session.polls.values()].map((poll) => pollFor(poll, self.participantId)) };
}

/** Unknown stores are empty ones (protocol.md 13). An empty list of keys asks for all. */
export function storeItems(
  state: MeetingState,
  query: plugin.PluginStoreGetKeysRequest,
): plugin.PluginStoreResponse {
  const store = state.session?.stores.get(query.storeName);
  const keys = query.getKeys.map((one) => one.storeKey);
  const items = keys.length > 0 ? keys.flatMap((key) => store?.get(key) ?? []) : (store?.values() ?? []);
  return storeResponse(query.pluginId || state.meetingId, query.storeName, items);
}

/** A connected meeting as the list of them shows it. */
export interface ConnectedRoom {
  meetingId: string;
  title: string;
  /** Who is in, once for each participant whatever the number of his tabs; or who is on the way. */
  people: Iterable<Identity>;
}

/** A meeting without connected meetings is its own parent (protocol.md 14). Hidden people are not listed. */
export function connectedRooms(
  main: ConnectedRoom,
  rooms: readonly ConnectedRoom[],
): room.GetConnectedRoomsDumpResponse {
  return { parentMeeting: connectedRoom(main), meetings: rooms.map(connectedRoom) };
}

function connectedRoom({ meetingId: id, title, people }: ConnectedRoom): room.ConnectedMeetingDump {
  const participants = new Map<string, room.ConnectedMeetingPeer>();
  for (const person of people) {
    if (!isVisible(person)) continue;
    participants.set(person.participantId, {
      id: person.participantId,
      displayName: person.displayName,
      customParticipantId: person.customParticipantId,
      presetId: person.preset.id,
      // The kit looks for a picture of its own when this is empty.
      displayPictureUrl: person.picture ?? '',
    });
  }
  return { id, title, participants: [...participants.values()] };
}

/** UTF-8 JSON of the groups that the SDK hands to the app (protocol.md 15). */
export function presetsOf(
  session: Session,
  participantIds: readonly string[],
): preset.ReadPeersPresetResponse {
  const wanted = new Set(participantIds);
  const encoder = new TextEncoder();
  const peers = [...session.peers.values()].filter((peer) => wanted.has(peer.participantId));
  return {
    peerPresets: peers.map(({ participantId, peerId, permissions: { chat, polls, plugins } }) => ({
      userId: participantId,
      peerId,
      preset: encoder.encode(JSON.stringify({ permissions: { chat, polls, plugins } })),
    })),
  };
}
