import { randomUUID } from 'node:crypto';
import { BACKEND, countsAsParticipant, type Peer, type Poll, type WaitingPeer } from '@parley/core';
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
import { ifAnybodyIsThere, Refused } from './refused.js';

/** The management API's hand on live sessions. */
export class LiveSessionControl implements SessionControl {
  constructor(
    private readonly db: Kysely<Database>,
    private readonly meetings: LiveMeetings,
  ) {}

  async kick(meetingId: MeetingId, who: ParticipantSelection): Promise<AffectedParticipant[]> {
    const host = await this.#liveHost(meetingId);
    const peers = present(host, who);
    await asApi(
      meetingId,
      host.execute({ type: 'KickPeers', by: BACKEND, peerIds: peers.map((peer) => peer.peerId) }),
    );
    await this.#denyWaiting(host, peers);
    return this.#affected(peers);
  }

  async kickForGood(
    meetingId: MeetingId,
    who: ParticipantSelection,
    block: () => Promise<void>,
  ): Promise<AffectedParticipant[]> {
    const host = await this.#liveHost(meetingId);
    const peers = present(host, who);
    await block();
    return this.#affected(peers);
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
    const host = await this.#liveHost(meetingId);
    const peers = present(host, who);
    const peerIds = peers.map((peer) => peer.peerId);
    await asApi(
      meetingId,
      host.execute({ type: 'MutePeers', by: BACKEND, peerIds, what: ['audio'], forbidUnmute: false }),
    );
    return this.#affected(peers);
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
    if (!host.meeting?.locked || host.state.waiting.size === 0) return;
    await ifAnybody(host.execute({ type: 'DenyWaiting', by: BACKEND, participantIds: 'everybody' }));
  }

  async isInSession(meetingId: MeetingId, participantId: ParticipantId): Promise<boolean> {
    return (await this.meetings.find(meetingId))?.holds(participantId) ?? false;
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

/** The peers of the selection; ids that are not in are passed over as long as one is (features.md OQ04, K23). */
function present(host: MeetingHost, who: ParticipantSelection): (Peer | WaitingPeer)[] {
  const byId = new Set(who.participantIds);
  const byCustomId = new Set(who.customParticipantIds);
  const peers = [...everybody(host)].filter(
    (peer) => byId.has(peer.participantId) || byCustomId.has(peer.customParticipantId),
  );
  if (peers.length > 0) return peers;
  throw ApiError.notFound('user', who.participantIds[0] ?? who.customParticipantIds[0] ?? '');
}

/** Recorders are not counted. */
function participantsIn(host: MeetingHost): number {
  return [...(host.state.session?.peers.values() ?? [])].filter(countsAsParticipant).length;
}

function* everybody(host: MeetingHost): Iterable<Peer | WaitingPeer> {
  yield* host.state.session?.peers.values() ?? [];
  yield* host.state.waiting.values();
}

const noActiveSession = (meetingId: MeetingId) =>
  new ApiError(404, `No active session found for meeting_id ${meetingId}`);

/** The session may have ended since it was looked up. */
async function asApi(meetingId: MeetingId, execution: Promise<void>): Promise<void> {
  try {
    await execution;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw error.code === 'no_session' ? noActiveSession(meetingId) : apiErrorOf(error);
  }
}

function apiErrorOf({ code, message }: Refused): ApiError {
  const mayWorkLater = code === 'not_saved' || code === 'gone';
  return new ApiError(mayWorkLater ? 503 : 400, message, undefined, code);
}

/** For what has to happen only if anybody is there. */
async function ifAnybody(execution: Promise<void>): Promise<void> {
  try {
    await ifAnybodyIsThere(execution);
  } catch (error) {
    throw error instanceof Refused ? apiErrorOf(error) : error;
  }
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
