import { answers, BACKEND, type Command, type DurableEvent } from '@parley/core';
import { PollEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { Meeting, participantOf } from '../support/meeting.js';
import { guest } from '../support/presets.js';

function room(): Meeting {
  const meeting = new Meeting();
  for (const peerId of ['anna', 'ben', 'cleo']) meeting.join(peerId);
  return meeting;
}

const create = (options: Partial<Command & { type: 'CreatePoll' }> = {}) => ({
  type: 'CreatePoll' as const,
  by: 'anna',
  pollId: 'poll',
  question: 'Lunch?',
  options: ['Soup', 'Salad'],
  anonymous: false,
  hideVotes: false,
  ...options,
});
const vote = (by: string, option = 0, pollId = 'poll') => ({ type: 'VotePoll' as const, by, pollId, option });

describe('creating a poll', () => {
  it('shows it to everybody, the author by the same message (O02, O06)', () => {
    const told = room().do(create());
    expect(told.receivers(PollEvent.createPoll)).toEqual(['anna', 'ben', 'cleo']);
    expect(told.to('anna')).toEqual(['polls.createPoll!']);
    expect(told.message(PollEvent.createPoll).poll).toEqual({
      pollId: 'poll',
      createdBy: 'ANNA',
      createdByUserId: participantOf('anna'),
      question: 'Lunch?',
      anonymous: false,
      hideVotes: false,
      votes: [],
      options: [
        { text: 'Soup', count: 0, votes: [] },
        { text: 'Salad', count: 0, votes: [] },
      ],
    });
  });

  it.each([
    ['a blank question', { question: ' ' }],
    ['a question over the limit', { question: 'x'.repeat(2001) }],
    ['a question that cannot be kept', { question: 'a\0b' }],
    ['one option', { options: ['Soup'] }],
    ['a blank option', { options: ['Soup', ''] }],
    ['an option over the limit', { options: ['Soup', 'x'.repeat(501)] }],
    ['an option that cannot be kept', { options: ['Soup', '\udc00'] }],
    ['more options than the limit', { options: Array.from({ length: 51 }, (_, i) => `${i}`) }],
  ])('refuses %s (O01)', (_, options) => {
    const meeting = room();
    expect(meeting.refusalOf(create(options))).toBe('poll_invalid');
    expect(meeting.refusalOf(create({ ...options, by: BACKEND }))).toBe('poll_invalid');
  });

  it('needs the permission and a seat in the session (R21, O09, E10)', () => {
    const meeting = room();
    meeting.join('dora', guest({ polls: { can_create: false } }));
    expect(meeting.refusalOf(create({ by: 'dora' }))).toBe('permission_denied');
    expect(meeting.refusalOf(create({ by: 'stranger' }))).toBe('not_joined');
  });

  it('is open to the backend, which needs a session (O07, K26)', () => {
    const meeting = room();
    const told = meeting.do(create({ by: BACKEND }));
    expect(told.to('ben')).toEqual(['polls.createPoll!']);
    expect(told.message(PollEvent.createPoll).poll).toMatchObject({ createdBy: '', createdByUserId: '' });
    expect(new Meeting().refusalOf(create({ by: BACKEND }))).toBe('no_session');
  });

  it('has a bound for each session', () => {
    const meeting = room();
    for (let i = 0; i < 100; i++) meeting.do(create({ pollId: `poll-${i}` }));
    expect(meeting.refusalOf(create())).toBe('too_many_polls');
  });
});

describe('voting', () => {
  it('is told to everybody with names and counts (O02, O03)', () => {
    const meeting = room();
    meeting.do(create());
    const told = meeting.do(vote('ben', 1));
    expect(told.receivers(PollEvent.votePoll)).toEqual(['anna', 'ben', 'cleo']);
    expect(told.to('ben')).toEqual(['polls.votePoll!']);
    const { poll } = told.message(PollEvent.votePoll);
    expect(poll?.votes).toEqual([participantOf('ben')]);
    expect(poll?.options[1]).toEqual({
      text: 'Salad',
      count: 1,
      votes: [{ userId: participantOf('ben'), name: 'BEN' }],
    });
  });

  it('counts once for each participant, whatever the device (O03, OQ10)', () => {
    const meeting = room();
    meeting.join('ben-phone', guest(), { participantId: participantOf('ben') });
    meeting.do(create());
    meeting.do(vote('ben', 1));
    expect(meeting.eventsOf(vote('ben', 0))).toEqual([]);
    expect(meeting.eventsOf(vote('ben-phone', 0))).toEqual([]);
    expect(meeting.refusalOf(vote('ben', 0))).toBeNull();
  });

  it('is refused for unknown polls and options (O03)', () => {
    const meeting = room();
    meeting.do(create());
    expect(meeting.refusalOf(vote('ben', 0, 'other'))).toBe('poll_unknown');
    for (const option of [-1, 2, 0.5]) expect(meeting.refusalOf(vote('ben', option))).toBe('poll_unknown');
  });

  it('needs the permission and a seat in the session (R22, E10)', () => {
    const meeting = room();
    meeting.join('dora', guest({ polls: { can_vote: false } }));
    meeting.do(create());
    expect(meeting.refusalOf(vote('dora'))).toBe('permission_denied');
    expect(meeting.refusalOf(vote('stranger'))).toBe('not_joined');
  });

  it('leaves the events of the log as they were written', () => {
    const meeting = room();
    meeting.do(create());
    const created = meeting.events.at(-1) as Extract<DurableEvent, { type: 'PollCreated' }>;
    meeting.do(vote('ben', 1));
    expect(created.poll.options.map((option) => option.votes)).toEqual([[], []]);
  });
});

describe('hidden votes', () => {
  it('are counted for those who have voted and for nobody else (O05)', () => {
    const meeting = room();
    meeting.do(create({ hideVotes: true }));
    const told = meeting.do(vote('ben', 1));
    const seen = (peerId: string) => told.message(PollEvent.votePoll, peerId).poll?.options[1];
    expect(seen('ben')).toMatchObject({ count: 1, votes: [{ name: 'BEN' }] });
    expect(seen('anna')).toEqual({ text: 'Salad', count: 0, votes: [] });
    expect(told.receivers(PollEvent.votePoll).toSorted()).toEqual(['anna', 'ben', 'cleo']);
  });

  it('are encoded at most twice, whatever the number of receivers', () => {
    const meeting = room();
    for (let i = 0; i < 50; i++) meeting.join(`p${i}`);
    meeting.do(create({ hideVotes: true }));
    meeting.do(vote('p1'));
    expect(meeting.do(vote('p2')).effects).toHaveLength(2);
    meeting.do(create({ pollId: 'open' }));
    expect(meeting.do(vote('p3', 0, 'open')).effects).toHaveLength(1);
  });
});

describe('anonymous polls', () => {
  it('name no voters and hide the votes as well (O04)', () => {
    const meeting = room();
    meeting.do(create({ anonymous: true }));
    meeting.do(vote('ben', 1));
    const told = meeting.do(vote('cleo', 1));
    const { poll } = told.message(PollEvent.votePoll, 'cleo');
    expect(poll).toMatchObject({ anonymous: true, hideVotes: true });
    expect(poll?.options[1]).toEqual({
      text: 'Salad',
      count: 2,
      votes: [{ userId: participantOf('cleo'), name: 'CLEO' }],
    });
  });

  it('do not let a voter tell by the changing counts who has voted what (O04)', () => {
    const meeting = room();
    meeting.do(create({ anonymous: true }));
    meeting.do(vote('anna', 0));
    const told = meeting.do(vote('ben', 1));
    expect(told.message(PollEvent.votePoll, 'anna').poll?.votes).toEqual([participantOf('anna')]);
    expect(told.message(PollEvent.votePoll, 'ben').poll?.votes).toEqual([participantOf('ben')]);
    expect(told.message(PollEvent.votePoll, 'cleo').poll).toMatchObject({ votes: [] });
    expect(told.message(PollEvent.votePoll, 'cleo').poll?.options.map((one) => one.count)).toEqual([0, 0]);
  });
});

describe('viewing', () => {
  it('is for those who may (R23)', () => {
    const meeting = room();
    meeting.join('dora', guest({ polls: { can_view: false } }));
    expect(meeting.do(create()).to('dora')).toEqual([]);
    expect(meeting.do(vote('ben')).to('dora')).toEqual([]);
    expect(answers.pollList(meeting.session, meeting.peer('dora')).polls).toEqual([]);
  });

  it('late shows the polls there are, each as this person may see it (O08)', () => {
    const meeting = room();
    meeting.do(create());
    meeting.do(create({ pollId: 'hidden', hideVotes: true }));
    meeting.do(vote('ben', 0));
    meeting.do(vote('ben', 0, 'hidden'));
    meeting.join('late');
    const counts = (peerId: string) =>
      answers
        .pollList(meeting.session, meeting.peer(peerId))
        .polls.map((poll) => poll.options.map((option) => option.count));
    expect(counts('late')).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(counts('ben')).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });
});
