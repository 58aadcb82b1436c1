import type { polls } from '@parley/wire';
import type { Poll } from '../state.js';

/**
 * What a participant may see of a poll. The counts of hidden votes he sees only after his own vote (features.md
 * O05). Of an anonymous poll he learns of no other voter at all: with the counts of each moment, the list of those
 * who have voted by then would say who voted what (O04).
 */
export function pollFor(poll: Poll, participantId: string): polls.Poll {
  const withVotes = maySeeVotes(poll, participantId);
  const mayName = (voter: string) => !poll.anonymous || voter === participantId;
  return {
    pollId: poll.id,
    createdBy: poll.createdBy,
    createdByUserId: poll.createdByParticipantId,
    question: poll.question,
    anonymous: poll.anonymous,
    hideVotes: poll.hideVotes,
    votes: [...poll.voted].filter(mayName),
    options: poll.options.map(({ text, votes }) => ({
      text,
      count: withVotes ? votes.length : 0,
      votes: withVotes
        ? votes
            .filter((vote) => mayName(vote.participantId))
            .map((vote) => ({ userId: vote.participantId, name: vote.name }))
        : [],
    })),
  };
}

/** Two participants with the same outlook see the same of the poll. */
export function outlook(poll: Poll, participantId: string): string {
  if (!maySeeVotes(poll, participantId)) return 'without votes';
  return poll.anonymous ? `own vote of ${participantId}` : 'with votes';
}

function maySeeVotes(poll: Poll, participantId: string): boolean {
  return !poll.hideVotes || poll.voted.has(participantId);
}
