import { randomUUID } from 'node:crypto';
import {
  BACKEND,
  countsAsParticipant,
  type Identity,
  type Peer,
  type Poll,
  type WaitingPeer,
} from '@parley/core';
import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import { ApiError } from '../http/errors.js';
import type { AppId, MeetingId, ParticipantId } from '../ids.js';
import { type BlockedWho, type BlockScope, withCustomId } from './blocks.js';
import type {
  AffectedParticipant,
  NewPoll,
  ParticipantSelection,
  PollView,
  SessionControl,
} from './control.js';
import type { LiveMeetings } from './live-meetings.js';
import type { MeetingHost } from './meeting-host.js';
import { loadMeeting } from './meeting-info.js';
import { asApi, ifAnybody, noActiveSession, unlessOver } from './refused-as-api.js';

/** The management API's hand on live sessions. */
export class LiveSessionControl implements SessionControl {
  constructor(
    private readonly db: Kysely<Database>,
    private readonly meetings: LiveMeetings,
  ) {}

  async kick(meetingId: MeetingId, who: ParticipantSelection): Promise<AffectedParticipant[]> {
    return await this.#atEach(meetingId, who, async (host, peers) => {
      const peerIds = peers.map((peer) => peer.peerId);
      await unlessOver(host.execute({ type: 'KickPeers', by: BACKEND, peerIds }));
      await this.#denyWaiting(host, peers);
    });
  }

  async kickForGood(
    meetingId: MeetingId,
    who: ParticipantSelection,
    block: () => Promise<void>,
  ): Promise<AffectedParticipant[]> {
    await this.#liveHost(meetingId);
    const hosts = await this.meetings.family(meetingId);
    const isMeant = selects(who);
    const people = [
      ...hosts.flatMap((host) => [...everybody(host)]),
      ...this.meetings.connected.onTheWay(meetingId),
    ];
    const meant = people.filter(isMeant);
    if (meant.length === 0) throw nobodyFound(who);
    await block();
    return this.#affected(meant);
  }

  async kickAll(meetingId: MeetingId): Promise<number> {
    const host = await this.#liveHost(meetingId);
    // Counted at the moment of the decision, so that who joins or leaves meanwhile is counted right.
    let count = 0;
    const countPeers = () => {
      for (const one of this.meetings.peekFamily(meetingId)) {
        count += participantsIn(one) + one.state.waiting.size;
      }
    };
    await asApi(meetingId, host.execute({ type: 'EndSession', by: BACKEND }, undefined, countPeers));
    await this.meetings.connected.roomsEnded(meetingId);
    return count;
  }

  async mute(meetingId: MeetingId, who: ParticipantSelection): Promise<AffectedParticipant[]> {
    return await this.#atEach(meetingId, who, async (host, peers) => {
      const peerIds = peers.map((peer) => peer.peerId);
      await unlessOver(
        host.execute({ type: 'MutePeers', by: BACKEND, peerIds, what: ['audio'], forbidUnmute: false }),
      );
    });
  }

  async muteAll(meetingId: MeetingId, allowUnmute: boolean): Promise<number> {
    const host = await this.#liveHost(meetingId);
    const count = participantsIn(host);
    await asApi(
      meetingId,
      host.execute({
        type: 'MutePeers',
        by: BACKEND,
        peerIds: 'everybody',
        what: ['audio'],
        forbidUnmute: !allowUnmute,
      }),
    );
    return count;
  }

  async transcribe(
    meetingId: MeetingId,
    line: { participantId: string; text: string; isPartial: boolean },
  ): Promise<void> {
    const host = await this.#liveHost(meetingId);
    await asApi(meetingId, host.execute({ type: 'Transcribe', ...line }));
  }

  async createPoll(meetingId: MeetingId, poll: NewPoll): Promise<PollView> {
    const host = await this.#liveHost(meetingId);
    const pollId = randomUUID();
    await asApi(
      meetingId,
      host.execute({
        type: 'CreatePoll',
        by: BACKEND,
        pollId,
        question: poll.question,
        options: poll.options,
        anonymous: poll.anonymous,
        hideVotes: poll.hide_votes,
      }),
    );
    const created = host.state.session?.polls.get(pollId);
    if (!created) throw noActiveSession(meetingId);
    return pollView(created);
  }

  async participantDeleted(meetingId: MeetingId, participantId: ParticipantId): Promise<void> {
    for (const host of await this.meetings.family(meetingId)) {
      host.voidAdmissions();
      const peers = [...everybody(host)].filter((peer) => peer.participantId === participantId);
      await ifAnybody(
        host.execute({ type: 'KickPeers', by: BACKEND, peerIds: peers.map((peer) => peer.peerId) }),
      );
      await this.#denyWaiting(host, peers);
    }
  }

  async participantsBlocked(scope: BlockScope, blocked: readonly BlockedWho[]): Promise<void> {
    for (const host of await this.#hostsOf(scope)) await this.#shutOut(host, scope.appId, blocked);
  }

  /** A meeting that nobody has joined yet may be any app's. */
  async #hostsOf({ appId, meetingId }: BlockScope): Promise<MeetingHost[]> {
    if (meetingId !== null) return await this.meetings.family(meetingId);
    return [...this.meetings.hosts].filter((host) => !host.meeting || host.meeting.appId === appId);
  }

  async #shutOut(host: MeetingHost, appId: AppId, blocked: readonly BlockedWho[]): Promise<void> {
    host.voidAdmissions();
    const ids = new Set(blocked.flatMap((one) => one.participantId ?? []));
    const customIds = new Set(blocked.flatMap((one) => one.customParticipantId ?? []));
    const peers = [...everybody(host)].filter(
      (peer) => ids.has(peer.participantId as ParticipantId) || customIds.has(peer.customParticipantId),
    );
    if (peers.length > 0) {
      const peerIds = peers.map((peer) => peer.peerId);
      await ifAnybody(host.execute({ type: 'KickPeers', by: BACKEND, peerIds }));
      await this.#denyWaiting(host, peers);
    }
    const connected = [...host.connections.values()];
    const byCustomId = await withCustomId(
      this.db,
      appId,
      connected.map((connection) => connection.participantId),
      [...customIds],
    );
    for (const id of byCustomId) ids.add(id);
    host.dismiss(connected.filter((one) => ids.has(one.participantId)).map((one) => one.peerId));
  }

  async meetingChanged(meetingId: MeetingId): Promise<void> {
    await this.meetings.connected.titleChanged(meetingId);
    const host = await this.meetings.find(meetingId);
    if (!host) return;
    await ifAnybody(host.meetingChanged(() => loadMeeting(this.db, meetingId)));
    await this.meetings.connected.roomsEnded(meetingId);
    const rooms = (await this.meetings.family(meetingId)).filter((one) => one !== host);
    await Promise.all(rooms.map((room) => ifAnybody(room.keepTime())));
    if (!host.meeting?.locked || host.state.waiting.size === 0) return;
    await ifAnybody(host.execute({ type: 'DenyWaiting', by: BACKEND, participantIds: 'everybody' }));
  }

  async isInSession(meetingId: MeetingId, participantId: ParticipantId): Promise<boolean> {
    return (await this.meetings.find(meetingId))?.belongs(participantId) ?? false;
  }

  async meetingDeactivated(_appId: AppId, meetingId: MeetingId): Promise<void> {
    const host = await this.meetings.find(meetingId);
    if (!host) return;
    host.voidAdmissions();
    await ifAnybody(host.execute({ type: 'DenyWaiting', by: BACKEND, participantIds: 'everybody' }));
  }

  async #liveHost(meetingId: MeetingId): Promise<MeetingHost> {
    const host = await this.meetings.find(meetingId);
    if (!host?.state.session) throw noActiveSession(meetingId);
    return host;
  }

  /** Acts on those of the selection who are there, meeting by meeting; 404 when none is (features.md OQ04, K23). */
  async #atEach(
    meetingId: MeetingId,
    who: ParticipantSelection,
    act: (host: MeetingHost, peers: Present[]) => Promise<void>,
  ): Promise<AffectedParticipant[]> {
    await this.#liveHost(meetingId);
    const isMeant = selects(who);
    const reached = await this.meetings.connected.whileNobodyMoves(meetingId, isMeant, async () => {
      const hosts = await this.meetings.family(meetingId);
      const places = hosts.map((host) => ({ host, peers: [...everybody(host)].filter(isMeant) }));
      const taken = places.filter(({ peers }) => peers.length > 0);
      await Promise.all(taken.map(({ host, peers }) => act(host, peers)));
      return taken.flatMap(({ peers }) => peers);
    });
    if (reached.length === 0) throw nobodyFound(who);
    return await this.#affected(reached);
  }

  async #denyWaiting(host: MeetingHost, peers: readonly { participantId: string }[]): Promise<void> {
    const participantIds = peers.map((peer) => peer.participantId);
    await ifAnybody(host.execute({ type: 'DenyWaiting', by: BACKEND, participantIds }));
  }

  async #affected(peers: readonly { participantId: string }[]): Promise<AffectedParticipant[]> {
    const ids = [...new Set(peers.map((peer) => peer.participantId as ParticipantId))];
    return this.db
      .selectFrom('participants')
      .select(['id', 'name', 'picture', 'created_at', 'updated_at'])
      .where('id', 'in', ids)
      .execute();
  }
}

/** Participant ids in any spelling of a UUID. Ids of people who are not in are passed over as long as somebody is (features.md OQ04, K23). */
function selects({ participantIds, customParticipantIds }: ParticipantSelection): (who: Identity) => boolean {
  const byId = new Set(participantIds.map((id) => id.toLowerCase()));
  const byCustomId = new Set(customParticipantIds);
  return (who) => byId.has(who.participantId) || byCustomId.has(who.customParticipantId);
}

const nobodyFound = ({ participantIds, customParticipantIds }: ParticipantSelection) =>
  ApiError.notFound('user', participantIds[0] ?? customParticipantIds[0] ?? '');

/** Recorders are not counted. */
function participantsIn(host: MeetingHost): number {
  return [...(host.state.session?.peers.values() ?? [])].filter(countsAsParticipant).length;
}

type Present = Peer | WaitingPeer;

function* everybody(host: MeetingHost): Iterable<Present> {
  yield* host.state.session?.peers.values() ?? [];
  yield* host.state.waiting.values();
}

function pollView(poll: Poll): PollView {
  return {
    id: poll.id,
    question: poll.question,
    anonymous: poll.anonymous,
    hide_votes: poll.hideVotes,
    created_by: poll.createdBy,
    voted: [...poll.voted],
    options: poll.options.map((option) => ({
      text: option.text,
      count: option.votes.length,
      votes: poll.anonymous ? [] : option.votes.map((vote) => ({ id: vote.participantId, name: vote.name })),
    })),
  };
}
