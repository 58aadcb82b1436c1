import { BACKEND, type Command } from '../commands.js';
import { accept, type Decision, mayAct, memberOf, refuse } from '../decision.js';
import {
  POLL_OPTION_MAX_CHARACTERS,
  POLL_OPTIONS_MAX,
  POLL_QUESTION_MAX_CHARACTERS,
  POLLS_MAX,
} from '../limits.js';
import type { MeetingState, Timestamp } from '../state.js';
import { isUsable } from '../text.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** features.md O01; an anonymous poll hides its votes as well (O04). */
export function createPoll(state: MeetingState, command: Of<'CreatePoll'>, now: Timestamp): Decision {
  const refusal = mayAct(state, command.by, (permissions) => permissions.polls.can_create);
  if (refusal) return refuse(refusal);
  const session = state.session!;
  if (session.polls.size >= POLLS_MAX) return refuse('too_many_polls');
  const { question, options } = command;
  if (!isUsable(question, POLL_QUESTION_MAX_CHARACTERS)) return refuse('poll_invalid');
  if (options.length < 2 || options.length > POLL_OPTIONS_MAX) return refuse('poll_invalid');
  if (!options.every((option) => isUsable(option, POLL_OPTION_MAX_CHARACTERS))) return refuse('poll_invalid');
  const author = command.by === BACKEND ? undefined : session.peers.get(command.by);
  return accept({
    type: 'PollCreated',
    at: now,
    poll: {
      id: command.pollId,
      question,
      anonymous: command.anonymous,
      hideVotes: command.hideVotes || command.anonymous,
      createdBy: author?.displayName ?? '',
      createdByParticipantId: author?.participantId ?? '',
      options: options.map((text) => ({ text, votes: [] })),
    },
  });
}

/** One vote for each participant; a second one is passed over (features.md OQ10). */
export function votePoll(state: MeetingState, command: Of<'VotePoll'>, now: Timestamp): Decision {
  const member = memberOf(state, command.by);
  if (!member) return refuse('not_joined');
  const { session, peer } = member;
  if (!peer.permissions.polls.can_vote) return refuse('permission_denied');
  const poll = session.polls.get(command.pollId);
  if (!poll?.options[command.option]) return refuse('poll_unknown');
  if (poll.voted.has(peer.participantId)) return accept();
  return accept({
    type: 'PollVoted',
    at: now,
    pollId: poll.id,
    option: command.option,
    participantId: peer.participantId,
    name: peer.displayName,
  });
}
