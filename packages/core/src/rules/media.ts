import type { Command, MutableMedia } from '../commands.js';
import { accept, type Decision, mayAct, memberOf, refuse } from '../decision.js';
import type { SessionEvent } from '../events.js';
import { SPEAKERS_MAX } from '../limits.js';
import type { Permissions } from '../preset.js';
import type { MeetingState, Peer, Producer, Timestamp } from '../state.js';
import { isValidProducer, mayConnectMedia, whyNotAddProducer, whyNotProduce } from './producing.js';
import { isVisible } from './visibility.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** Once: the clients of the others would take up the producers a second time. */
export function joinMedia(state: MeetingState, command: Of<'JoinMedia'>, now: Timestamp): Decision {
  const peer = memberOf(state, command.by)?.peer;
  if (!peer) return refuse('not_joined');
  if (!mayConnectMedia(peer)) return refuse('off_stage');
  if (peer.mediaJoined) return accept();
  return accept({ type: 'MediaJoined', at: now, peerId: command.by });
}

export function leaveMedia(state: MeetingState, command: Of<'LeaveMedia'>, now: Timestamp): Decision {
  const peer = memberOf(state, command.by)?.peer;
  return peer ? accept(...mediaLeft(peer, now)) : accept();
}

/** Each producer is closed by name, so that the others learn which tracks are gone. */
export function mediaLeft(peer: Peer, now: Timestamp): SessionEvent[] {
  const { peerId } = peer;
  return [...closings(peer, [...peer.producers.keys()], now), { type: 'MediaLeft', at: now, peerId }];
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
  if (!isValidProducer(producer)) return refuse('producer_invalid');
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
 * Switches others' media off; they may switch it on again unless that is forbidden (features.md R02-R04, X09), which
 * the next mute of everybody that does not forbid it takes back. The actor keeps his own, since his client ignores
 * a mute that he has given himself (protocol.md 8.1).
 */
export function mutePeers(state: MeetingState, command: Of<'MutePeers'>, now: Timestamp): Decision {
  const { by, what } = command;
  const refusal = mayAct(state, by, (permissions) => what.every((one) => MUTE_PERMISSION[one](permissions)));
  if (refusal) return refuse(refusal);
  const { peers } = state.session!;
  const everybody = command.peerIds === 'everybody';
  const wanted = command.peerIds === 'everybody' ? [...peers.keys()] : [...new Set(command.peerIds)];
  const targets = wanted.flatMap((peerId) => peers.get(peerId) ?? []).filter((peer) => peer.peerId !== by);
  const bans = what.includes('audio') ? unmuteBans(targets, command.forbidUnmute, everybody, now) : [];
  const initiator = typeof by === 'string' ? by : BACKEND_INITIATOR;
  return { events: [...bans, ...targets.flatMap((peer) => mutings(peer, what, initiator, now))] };
}

function unmuteBans(targets: Peer[], forbid: boolean, everybody: boolean, now: Timestamp): SessionEvent[] {
  const changed = targets.filter((peer) => peer.unmuteForbidden !== forbid);
  if (changed.length === 0 || (!forbid && !everybody)) return [];
  const peerIds = changed.map((peer) => peer.peerId);
  return [{ type: forbid ? 'UnmuteForbidden' : 'UnmuteAllowed', at: now, peerIds }];
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

/**
 * Told only when the order of the first few changes; who is unknown or hidden is passed over. In a silence the last
 * speakers keep their places, since the wire has no word for it (protocol.md 6.8).
 */
export function rankSpeakers(state: MeetingState, command: Of<'RankSpeakers'>, now: Timestamp): Decision {
  const { session } = state;
  if (!session) return accept();
  const ranked = [...new Set(command.peerIds)].flatMap((peerId) => session.peers.get(peerId) ?? []);
  const peerIds = ranked
    .filter(isVisible)
    .slice(0, SPEAKERS_MAX)
    .map((peer) => peer.peerId);
  if (peerIds.length === 0) return accept();
  const same =
    peerIds.length === session.speakers.length &&
    peerIds.every((peerId, i) => peerId === session.speakers[i]);
  return same ? accept() : accept({ type: 'SpeakersChanged', at: now, peerIds });
}

function closings(peer: Peer, producerIds: readonly string[], now: Timestamp): SessionEvent[] {
  return [...new Set(producerIds)]
    .filter((producerId) => peer.producers.has(producerId))
    .map((producerId) => ({ type: 'ProducerClosed', at: now, peerId: peer.peerId, producerId }));
}
