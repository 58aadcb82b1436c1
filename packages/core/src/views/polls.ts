import type { polls } from '@parley/wire';
import type { Peer, Poll } from '../state.js';

/** What a peer may see of a poll: the counts of a poll with hidden votes only after its own vote (O05). */
export function pollFor(poll: Poll, peer: Pick<Peer, 'participantId'>): polls.Poll {
  return wirePoll(poll, maySeeVotes(poll, peer.participantId));
}

export function maySeeVotes(poll: Poll, participantId: string): boolean {
  return !poll.hideVotes || poll.voted.has(participantId);
}

/** An anonymous poll never names its voters (features.md O04). */
export function wirePoll(poll: Poll, withVotes: boolean): polls.Poll {
  return {
    pollId: poll.id,
    createdBy: poll.createdBy,
    createdByUserId: poll.createdByParticipantId,
    question: poll.question,
    anonymous: poll.anonymous,
    hideVotes: poll.hideVotes,
    votes: [...poll.voted],
    options: poll.options.map((option) => ({
      text: option.text,
      count: withVotes ? option.votes.length : 0,
      votes:
        withVotes && !poll.anonymous
          ? option.votes.map((vote) => ({ userId: vote.participantId, name: vote.name }))
          : [],
    })),
  };
}
