import { PollEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('polls with the official SDK', () => {
  let stage: Stage;
  let meeting: string;
  let mary: Person;
  let tom: Person;
  let ann: Person;

  beforeAll(async () => {
    stage = await setUpStage();
    await stage.backend.newPreset('onlooker', 'group_call_participant', {
      polls: { can_create: false, can_vote: false, can_view: true },
    });
    meeting = await stage.backend.newMeeting();
    [mary, tom, ann] = await Promise.all([
      stage.enter(meeting, 'Mary', 'group_call_host', WITHOUT_DEVICES),
      stage.enter(meeting, 'Tom', 'group_call_participant', WITHOUT_DEVICES),
      stage.enter(meeting, 'Ann', 'group_call_participant', WITHOUT_DEVICES),
    ]);
  });
  afterAll(() => stage?.dispose());

  const create = (who: Person, question: string, kind: { anonymous?: boolean; hideVotes?: boolean } = {}) =>
    who.attempt(
      ({ question, anonymous = false, hideVotes = false }) =>
        window.meeting.polls.create(question, ['tea', 'coffee'], anonymous, hideVotes),
      { question, ...kind },
    );
  const pollSeenBy = async (who: Person, question: string) =>
    (await who.run(() => window.meeting.polls.items)).find((poll) => poll.question === question);
  const appearsTo = (who: Person, question: string) =>
    until(`the poll ${question}`, () => pollSeenBy(who, question));
  const vote = async (who: Person, question: string, index: number) => {
    const { id } = await appearsTo(who, question);
    const outcome = await who.attempt(({ id, index }) => window.meeting.polls.vote(id, index), { id, index });
    if (outcome.ok) {
      await until('the vote counts', async () => (await pollSeenBy(who, question))?.voted.includes(who.id));
    }
    return outcome;
  };
  /** Every version of a poll that ever reached the page over its socket. */
  const onTheWire = (who: Person, question: string) =>
    [
      ...[PollEvent.createPoll, PollEvent.votePoll, PollEvent.updatePoll].flatMap((event) =>
        who.socket.received(event).map(({ poll }) => poll),
      ),
      ...who.socket.received(PollEvent.getPolls).flatMap(({ polls }) => polls),
    ].filter((poll) => poll?.question === question);

  it(
    'a poll reaches everybody with all its fields, and every vote with its name (O01, O02, O03, O06)',
    proves('Client.polls', 'Polls.create', 'Polls.vote', 'Polls.items', 'Polls:pollsUpdate'),
    async () => {
      expect(await create(mary, 'open')).toEqual({ ok: true });
      const atTom = await appearsTo(tom, 'open');
      expect(atTom).toEqual({
        id: expect.any(String),
        question: 'open',
        options: [
          { text: 'tea', votes: [], count: 0 },
          { text: 'coffee', votes: [], count: 0 },
        ],
        anonymous: false,
        hideVotes: false,
        createdBy: 'Mary',
        createdByUserId: mary.id,
        voted: [],
      });
      expect(await vote(tom, 'open', 1)).toEqual({ ok: true });
      for (const person of [mary, ann]) {
        await until('the vote', async () => (await pollSeenBy(person, 'open'))?.options[1]?.count === 1);
        expect(await pollSeenBy(person, 'open')).toMatchObject({
          voted: [tom.id],
          options: [{ votes: [] }, { votes: [{ id: tom.id, name: 'Tom' }] }],
        });
        const { newPoll } = (await person.sawEvent('polls', 'pollsUpdate')).details as { newPoll: boolean };
        expect(newPoll).toBe(true);
      }
    },
  );

  it('a second vote of one person changes nothing (O03, OQ10)', async () => {
    await create(mary, 'once');
    await vote(tom, 'once', 0);
    await tom.attempt(({ id }) => window.meeting.polls.vote(id, 1), {
      id: (await appearsTo(tom, 'once')).id,
    });
    // The answer to the creation of another poll comes after the answer to the vote.
    await create(tom, 'after once');
    await appearsTo(mary, 'after once');
    expect((await pollSeenBy(mary, 'once'))?.options.map(({ count }) => count)).toEqual([1, 0]);
  });

  it('of an anonymous poll nobody ever receives who voted, and it hides its votes (O04)', async () => {
    await create(mary, 'secret', { anonymous: true });
    await vote(tom, 'secret', 0);
    await vote(ann, 'secret', 1);
    await until('both votes', async () => (await pollSeenBy(ann, 'secret'))?.options[0]?.count === 1);
    expect(await pollSeenBy(mary, 'secret')).toMatchObject({ anonymous: true, hideVotes: true });

    for (const [person, others] of [
      [mary, [tom, ann]],
      [tom, [ann]],
      [ann, [tom]],
    ] as const) {
      const seen = JSON.stringify(onTheWire(person, 'secret'));
      expect(seen).toContain('secret');
      for (const other of others) expect(seen).not.toContain(other.id);
    }
  });

  it('hidden counts do not reach a person before the own vote (O05)', async () => {
    await create(mary, 'hidden', { hideVotes: true });
    await vote(tom, 'hidden', 0);
    await until('the vote of Tom', async () => (await pollSeenBy(ann, 'hidden'))?.voted.length === 1);
    const beforeVote = onTheWire(ann, 'hidden').flatMap((poll) => poll!.options);
    expect(beforeVote.every(({ count, votes }) => count === 0 && votes.length === 0)).toBe(true);

    await vote(ann, 'hidden', 0);
    await until('both votes', async () => (await pollSeenBy(ann, 'hidden'))?.options[0]?.count === 2);
    expect(
      onTheWire(mary, 'hidden')
        .flatMap((poll) => poll!.options)
        .every(({ count }) => count === 0),
    ).toBe(true);
  });

  it('a poll of the backend is there at once, and for who joins late all of them are (O07, O08)', async () => {
    const { client, accountId, appId } = stage.backend;
    const { data } = await client.realtimeKit.activeSession.createPoll(meeting, {
      account_id: accountId,
      app_id: appId,
      question: 'by the backend',
      options: ['yes', 'no'],
    });
    const seen = await appearsTo(tom, 'by the backend');
    expect(seen.id).toBe(data?.poll?.id);

    const late = await stage.enter(meeting, 'Lee', 'onlooker', WITHOUT_DEVICES);
    await appearsTo(late, 'by the backend');
    expect((await late.run(() => window.meeting.polls.items)).map(({ question }) => question)).toEqual(
      (await tom.run(() => window.meeting.polls.items)).map(({ question }) => question),
    );
    expect(JSON.stringify(onTheWire(late, 'secret'))).not.toContain(ann.id);
    // The SDK leaves these to the server, which must do nothing.
    const { id } = await appearsTo(late, 'open');
    await create(late, 'not allowed');
    await late.attempt((id) => window.meeting.polls.vote(id, 0), id);
    await create(mary, 'after Lee');
    await appearsTo(late, 'after Lee');
    expect(await pollSeenBy(mary, 'not allowed')).toBeUndefined();
    expect((await pollSeenBy(mary, 'open'))?.voted).toEqual([tom.id]);
    await late.close();
  });

  it('nothing can be done before the join (O09)', async () => {
    const early = await stage.arrive(meeting, 'Eve', 'group_call_host');
    expect(await early.init(WITHOUT_DEVICES)).toEqual({ ok: true });
    expect(await create(early, 'too early')).toMatchObject({ ok: false, code: '0705' });
    await early.close();
  });
});
