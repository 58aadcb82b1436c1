import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('the stage with the official SDK', () => {
  let stage: Stage;
  /** A webinar: Mary presents, Tom and Ann watch. */
  let mary: Person;
  let tom: Person;
  let ann: Person;

  beforeAll(async () => {
    stage = await setUpStage();
    const meeting = await stage.backend.newMeeting();
    [mary, tom, ann] = await Promise.all([
      stage.enter(meeting, 'Mary', 'webinar_presenter'),
      stage.enter(meeting, 'Tom', 'webinar_viewer'),
      stage.enter(meeting, 'Ann', 'webinar_viewer', WITHOUT_DEVICES),
    ]);
    for (const person of [mary, tom, ann]) {
      await until('all see each other', async () => (await person.joinedIds()).length === 2);
    }
  });
  afterAll(() => stage?.dispose());

  type Action = 'requestAccess' | 'cancelRequestAccess' | 'join' | 'leave';
  const act = (person: Person, action: Action) =>
    person.attempt((action) => window.meeting.stage[action](), action);
  const decide = (person: Person, action: 'grantAccess' | 'denyAccess' | 'kick', ...others: Person[]) =>
    person.attempt(async ({ action, ids }) => void (await window.meeting.stage[action](ids)), {
      action,
      ids: others.map(({ id }) => id),
    });
  const statusOf = (person: Person) => person.run(() => window.meeting.stage.status);
  const becomes = (person: Person, status: string) =>
    until(`${status}`, async () => (await statusOf(person)) === status);
  /** The status of another in the eyes of a participant. */
  const seenAs = (watcher: Person, other: Person, status: string) =>
    until(`seen as ${status}`, () =>
      watcher.run(
        ({ id, status }) =>
          window.meeting.participants.joined.toArray().find(({ userId }) => userId === id)?.stageStatus ===
          status,
        { id: other.id, status },
      ),
    );
  const requestsAt = (person: Person) =>
    person.run(() => window.meeting.stage.getAccessRequests().stageRequests.map(({ userId }) => userId));
  const requestsAre = (person: Person, others: Person[]) =>
    until(
      'the list of requests',
      async () =>
        (await requestsAt(person)).sort().join() ===
        others
          .map(({ id }) => id)
          .sort()
          .join(),
    );

  it(
    'who may go on stage does so without asking; the audience sends nothing (G03, G04, G13, G14, G15)',
    proves(
      'Client.stage',
      'Stage.status',
      'Stage.join',
      'Stage.peerId',
      'Self.stageStatus',
      'Participant.stageStatus',
      'Meta.viewType',
      'PermissionPreset.stageEnabled',
      'PermissionPreset.stageAccess',
      'PermissionPreset.acceptStageRequests',
      'PermissionPreset.canAllowParticipantAudio',
      'PermissionPreset.canAllowParticipantVideo',
      'PermissionPreset.requestProduceAudio',
      'PermissionPreset.requestProduceVideo',
      'PermissionPreset.requestProduceScreenshare',
    ),
    async () => {
      expect(await mary.run(() => window.meeting.meta.viewType)).toBe('WEBINAR');
      expect(await mary.run(() => window.meeting.stage.peerId)).toBe(await mary.peerId());
      const rights = (person: Person) =>
        person.run(() => {
          const { permissions } = window.meeting.self;
          const { stageEnabled, stageAccess, acceptStageRequests } = permissions;
          const { canAllowParticipantAudio, canAllowParticipantVideo } = permissions;
          const { requestProduceAudio, requestProduceVideo, requestProduceScreenshare } = permissions;
          return {
            stage: [stageEnabled, stageAccess, acceptStageRequests],
            overOthers: [canAllowParticipantAudio, canAllowParticipantVideo],
            onRequest: [requestProduceAudio, requestProduceVideo, requestProduceScreenshare],
          };
        });
      expect(await rights(mary)).toEqual({
        stage: [true, 'ALLOWED', true],
        overOthers: [true, true],
        onRequest: [false, false, false],
      });
      expect(await rights(tom)).toEqual({
        stage: [true, 'CAN_REQUEST', false],
        overOthers: [false, false],
        onRequest: [true, true, true],
      });
      const before = await statusOf(mary);
      expect(['ACCEPTED_TO_JOIN_STAGE', 'ON_STAGE', 'OFF_STAGE']).toContain(before);
      if (before === 'OFF_STAGE') expect(await act(mary, 'requestAccess')).toEqual({ ok: true });
      if (before !== 'ON_STAGE') expect(await act(mary, 'join')).toEqual({ ok: true });
      expect(await mary.run(() => window.meeting.self.stageStatus)).toBe('ON_STAGE');
      await seenAs(tom, mary, 'ON_STAGE');
      await tom.seesVideoOf(mary.id);
      expect(await statusOf(tom)).toBe('OFF_STAGE');
      expect(await act(mary, 'join')).toMatchObject({ ok: false, code: '2006' });
      expect(await act(tom, 'join')).toMatchObject({ ok: false, code: '2006' });
      expect(await mary.framesDecoded(tom.id)).toBe(0);
    },
  );

  it(
    'a request is seen by the moderator, and can be taken back (G01, G04, G05, G09)',
    proves(
      'Stage.requestAccess',
      'Stage.cancelRequestAccess',
      'Stage.getAccessRequests',
      'Stage:newStageRequest',
      'Stage:stageAccessRequestUpdate',
      'Participant:stageStatusUpdate',
      'ParticipantMap:stageStatusUpdate',
    ),
    async () => {
      expect(await act(tom, 'requestAccess')).toEqual({ ok: true });
      expect(await statusOf(tom)).toBe('REQUESTED_TO_JOIN_STAGE');
      await mary.sawEvent('stage', 'newStageRequest', { count: 1 });
      await mary.sawEvent('joined', 'stageStatusUpdate', { userId: tom.id });
      await requestsAre(mary, [tom]);
      await mary.sawEvent('stage', 'stageAccessRequestUpdate');
      expect(await act(tom, 'requestAccess')).toMatchObject({ ok: false, code: '2006' });

      expect(await act(tom, 'cancelRequestAccess')).toEqual({ ok: true });
      await becomes(tom, 'OFF_STAGE');
      await requestsAre(mary, []);
      expect(await tom.attempt(() => window.meeting.stage.getAccessRequests())).toMatchObject({
        ok: false,
        code: '2001',
      });
    },
  );

  it(
    'a denial ends the request (G07, G09)',
    proves('Stage.denyAccess', 'Stage:stageRequestRejected'),
    async () => {
      await act(tom, 'requestAccess');
      await requestsAre(mary, [tom]);
      expect(await decide(mary, 'denyAccess', tom)).toEqual({ ok: true });
      await tom.sawEvent('stage', 'stageRequestRejected');
      await becomes(tom, 'OFF_STAGE');
      await requestsAre(mary, []);
    },
  );

  it(
    'a grant lets on stage, where the others see and hear; leaving takes the pictures away (G06, G07)',
    proves('Stage.grantAccess', 'Stage.leave', 'Stage:stageRequestApproved', 'Stage:stageStatusUpdate'),
    async () => {
      await act(tom, 'requestAccess');
      await requestsAre(mary, [tom]);
      expect(await decide(mary, 'grantAccess', tom)).toEqual({ ok: true });
      await tom.sawEvent('stage', 'stageRequestApproved');
      await becomes(tom, 'ACCEPTED_TO_JOIN_STAGE');
      expect(await act(tom, 'join')).toEqual({ ok: true });
      await tom.sawEvent('stage', 'stageStatusUpdate');
      await Promise.all([seenAs(mary, tom, 'ON_STAGE'), seenAs(ann, tom, 'ON_STAGE')]);
      await tom.run(() => window.meeting.self.enableVideo());
      await Promise.all([mary.seesVideoOf(tom.id), ann.seesVideoOf(tom.id)]);

      expect(await act(tom, 'leave')).toEqual({ ok: true });
      await seenAs(ann, tom, 'OFF_STAGE');
      await until('no picture of Tom', () =>
        ann.run(
          (id) =>
            !window.meeting.participants.joined.toArray().find(({ userId }) => userId === id)!.videoEnabled,
          tom.id,
        ),
      );
      expect(await tom.run(() => window.meeting.self.roomJoined)).toBe(true);
      expect(await act(tom, 'leave')).toMatchObject({ ok: false, code: '2006' });
    },
  );

  it(
    'an invitation needs no request; the moderator takes two from the stage at once (G07, G08, G16)',
    proves('Stage.kick'),
    async () => {
      expect(await decide(mary, 'grantAccess', tom, ann)).toEqual({ ok: true });
      for (const person of [tom, ann]) {
        await becomes(person, 'ACCEPTED_TO_JOIN_STAGE');
        expect(await act(person, 'join')).toEqual({ ok: true });
      }
      expect(await decide(ann, 'kick', tom)).toMatchObject({ ok: false, code: '2001' });
      expect(await decide(ann, 'grantAccess', tom)).toMatchObject({ ok: false, code: '2001' });
      expect(await decide(mary, 'kick', tom, ann)).toEqual({ ok: true });
      for (const person of [tom, ann]) {
        await becomes(person, 'OFF_STAGE');
        await seenAs(mary, person, 'OFF_STAGE');
        expect(await person.run(() => window.meeting.self.roomJoined)).toBe(true);
      }
    },
  );

  it('off stage one still chats and votes (G02)', async () => {
    await ann.run(() => window.meeting.chat.sendTextMessage('from the audience'));
    await until('the message', () => mary.run(() => window.meeting.chat.messages.length === 1));
    await mary.run(() => window.meeting.polls.create('audible?', ['yes', 'no']));
    const poll = await until('the poll', () => ann.run(() => window.meeting.polls.items[0]));
    await ann.run((id) => window.meeting.polls.vote(id, 0), poll.id);
    await until('the vote', () => mary.run(() => window.meeting.polls.items[0]?.options[0]?.count === 1));
  });

  it('who comes and goes without end is stopped, and may still leave (G12)', async () => {
    let joined = 0;
    const refusal = await until('a refusal', async () => {
      expect(await decide(mary, 'grantAccess', ann)).toEqual({ ok: true });
      await becomes(ann, 'ACCEPTED_TO_JOIN_STAGE');
      const outcome = await act(ann, 'join');
      if (!outcome.ok) return outcome;
      joined++;
      expect(await act(ann, 'leave')).toEqual({ ok: true });
      return false;
    });
    expect(refusal.message).toContain('Too many requests');
    expect(joined).toBeGreaterThanOrEqual(3);
    expect(await act(ann, 'leave')).toEqual({ ok: true });
    await seenAs(mary, ann, 'OFF_STAGE');
  });

  it('in an ordinary meeting there is no stage (G11, G16)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Hal', 'group_call_host', WITHOUT_DEVICES);
    expect(await act(host, 'requestAccess')).toMatchObject({ ok: false, code: '2003' });
    expect(await decide(host, 'kick', host)).toMatchObject({ ok: false, code: '2003' });
    expect(await statusOf(host)).toBe('ON_STAGE');
    await host.close();
  });
});
