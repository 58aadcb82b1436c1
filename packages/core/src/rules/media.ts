import type { Command, MutableMedia } from '../commands.js';
import { accept, type Decision, mayAct, memberOf, refuse } from '../decision.js';
import type { SessionEvent } from '../events.js';
import { SPEAKERS_MAX } from '../limits.js';
import type { Permissions } from '../preset.js';
import type { MeetingState, Peer, Producer, Timestamp } from '../state.js';
import { whyNotAddProducer, whyNotProduce } from './producing.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

export function joinMedia(state: MeetingState, command: Of<'JoinMedia'>, now: Timestamp): Decision {
  if (!memberOf(state, command.by)) return refuse('not_joined');
  return accept({ type: 'MediaJoined', at: now, peerId: command.by });
}

/** Each producer is closed by name, so that the others learn which tracks are gone. */
export function leaveMedia(state: MeetingState, command: Of<'LeaveMedia'>, now: Timestamp): Decision {
  const peer = memberOf(state, command.by)?.peer;
  if (!peer) return accept();
  return accept(...closings(peer, [...peer.producers.keys()], now), {
    type: 'MediaLeft',
    at: now,
    peerId: command.by,
  });
}

export function checkProduce(state: MeetingState, command: Of<'CheckProduce'>): Decision {
  const member = memberOf(state, command.by);
  if (!member) return refuse('not_joined');
  const refusal = whyNotAddProducer(member.session, member.peer, command.kind, command.screenShare);
  return refusal ? refuse(refusal) : accept();
}

export function addProducer(state: MeetingState, command: Of<'AddProducer'>, now: Timestamp): Decision {
  const { type: _, by, ...wanted } = command;
  const member = memberOf(state, by);
  if (!member) return refuse('not_joined');
  const refusal = whyNotAddProducer(member.session, member.peer, wanted.kind, wanted.screenShare);
  if (refusal) return refuse(refusal);
  const silenced = member.peer.unmuteForbidden && wanted.kind === 'audio' && !wanted.screenShare;
  const producer: Producer = { ...wanted, paused: wanted.paused || silenced };
  return accept({ type: 'ProducerAdded', at: now, peerId: by, producer });
}

export function toggleProducer(state: MeetingState, command: Of<'ToggleProducer'>, now: Timestamp): Decision {
  const { by, producerId, paused } = command;
  const peer = memberOf(state, by)?.peer;
  if (!peer) return refuse('not_joined');
  const producer = peer.producers.get(producerId);
  if (!producer) return refuse('producer_unknown');
  if (producer.paused === paused) return accept();
  if (!paused) {
    if (peer.unmuteForbidden && producer.kind === 'audio' && !producer.screenShare)
      return refuse('unmute_forbidden');
    const refusal = whyNotProduce(peer, producer.kind, producer.screenShare);
    if (refusal) return refuse(refusal);
  }
  return accept({ type: 'ProducerToggled', at: now, peerId: by, producerId, paused, by });
}

export function closeProducers(state: MeetingState, command: Of<'CloseProducers'>, now: Timestamp): Decision {
  const peer = memberOf(state, command.by)?.peer;
  return peer ? accept(...closings(peer, command.producerIds, now)) : accept();
}

/** Stands for the backend where clients expect the id of another peer: only then they obey (protocol.md 8.1). */
const BACKEND_INITIATOR = 'server';

const MUTE_PERMISSION: Record<MutableMedia, (permissions: Permissions) => boolean> = {
  audio: (permissions) => permissions.disable_participant_audio,
  video: (permissions) => permissions.disable_participant_video,
  screenshare: (permissions) => permissions.disable_participant_screensharing,
};

/**
 * Switches others' media off; they may switch it on again unless that is forbidden (features.md R02-R04, X09).
 * The actor keeps his own, since his client ignores a mute that he has given himself (protocol.md 8.1).
 */
export function mutePeers(state: MeetingState, command: Of<'MutePeers'>, now: Timestamp): Decision {
  for (const media of command.what) {
    const refusal = mayAct(state, command.by, MUTE_PERMISSION[media]);
    if (refusal) return refuse(refusal);
  }
  const { session } = state;
  if (!session) return refuse('no_session');
  const wanted = command.peerIds === 'everybody' ? [...session.peers.keys()] : command.peerIds;
  const targets = wanted
    .flatMap((peerId) => session.peers.get(peerId) ?? [])
    .filter((p) => p.peerId !== command.by);
  const by = typeof command.by === 'string' ? command.by : BACKEND_INITIATOR;
  const events = targets.flatMap((peer) => mutings(peer, command.what, by, now));
  if (command.forbidUnmute) {
    events.unshift({ type: 'UnmuteForbidden', at: now, peerIds: targets.map((peer) => peer.peerId) });
  }
  return { events };
}

function mutings(peer: Peer, what: readonly MutableMedia[], by: string, now: Timestamp): SessionEvent[] {
  return [...peer.producers.values()].flatMap((producer): SessionEvent[] => {
    const { producerId } = producer;
    if (!what.includes(producer.screenShare ? 'screenshare' : producer.kind)) return [];
    if (producer.screenShare) return [{ type: 'ProducerClosed', at: now, peerId: peer.peerId, producerId }];
    if (producer.paused) return [];
    return [{ type: 'ProducerToggled', at: now, peerId: peer.peerId, producerId, paused: true, by }];
  });
}

/** What a peer sends and may no longer send, after its stage or its permissions have changed to those given. */
export function silence(peer: Peer, by: string, now: Timestamp): SessionEvent[] {
  return [...peer.producers.values()]
    .filter((producer) => !producer.paused && whyNotProduce(peer, producer.kind, producer.screenShare))
    .map(({ producerId }) => ({
      type: 'ProducerToggled',
      at: now,
      peerId: peer.peerId,
      producerId,
      paused: true,
      by,
    }));
}

/** Told only when the order of the first few changes; who is unknown or gone is passed over. */
export function rankSpeakers(state: MeetingState, command: Of<'RankSpeakers'>, now: Timestamp): Decision {
  const { session } = state;
  if (!session) return accept();
  const peerIds = command.peerIds.filter((peerId) => session.peers.has(peerId)).slice(0, SPEAKERS_MAX);
  const same =
    peerIds.length === session.speakers.length &&
    peerIds.every((peerId, i) => peerId === session.speakers[i]);
  return same ? accept() : accept({ type: 'SpeakersChanged', at: now, peerIds });
}

function closings(peer: Peer, producerIds: readonly string[], now: Timestamp): SessionEvent[] {
  return producerIds
    .filter((producerId) => peer.producers.has(producerId))
    .map((producerId) => ({ type: 'ProducerClosed', at: now, peerId: peer.peerId, producerId }));
}
