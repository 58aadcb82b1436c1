import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('a meeting ends', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setUpStage();
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.dispose());

  const threePeople = async (meeting: string) => {
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const tom = await stage.enter(meeting, 'Tom', 'group_call_participant');
    const ann = await stage.enter(meeting, 'Ann', 'group_call_participant');
    await host.sawEvent('joined', 'participantJoined', { userId: ann.id });
    return { host, tom, ann };
  };

  const kickInPage = (kicker: Person, participantId: string) =>
    kicker.attempt(
      (id) =>
        window.meeting.participants.joined
          .toArray()
          .find(({ userId }) => userId === id)!
          .kick(),
      participantId,
    );

  const expectEndedFor = async (people: Person[]) => {
    for (const person of people) {
      await person.sawEvent('self', 'roomLeft', { state: 'ended' });
      expect(await person.run(() => window.meeting.self.roomJoined)).toBe(false);
      expect(await person.run(() => window.meeting.self.roomState)).toBe('ended');
      expect((await person.events()).filter(({ name }) => name === 'roomLeft')).toHaveLength(1);
    }
  };

  it('leave() takes only the caller out, and the session goes on (E04, E05, L21 left)', async () => {
    const meeting = await stage.backend.newMeeting();
    const { host, tom, ann } = await threePeople(meeting);
    await ann.run(() => window.meeting.leave());

    await ann.sawEvent('self', 'roomLeft', { state: 'left' });
    for (const person of [host, tom]) {
      await person.sawEvent('joined', 'participantLeft', { userId: ann.id });
      expect((await person.events()).some(({ name }) => name === 'roomLeft')).toBe(false);
    }
    expect(await stage.backend.sessionStatus(await host.sessionId())).toBe('LIVE');
    await Promise.all([host.seesVideoOf(tom.id), tom.seesVideoOf(host.id)]);
  });

  it('kickAll() by the host ends it for all, the host included (E01, E03, E11, E12, E21)', async () => {
    const meeting = await stage.backend.newMeeting();
    const { host, tom, ann } = await threePeople(meeting);
    const sessionId = await host.sessionId();
    expect(await host.attempt(() => window.meeting.participants.kickAll())).toEqual({ ok: true });

    await expectEndedFor([host, tom, ann]);
    await until(
      'the session is ENDED',
      async () => (await stage.backend.sessionStatus(sessionId)) === 'ENDED',
    );
    const { client, accountId, appId } = stage.backend;
    const { data } = await client.realtimeKit.meetings.getMeetingByID(meeting, {
      account_id: accountId,
      app_id: appId,
    });
    expect(data?.status).toBe('ACTIVE');
  });

  it('kick-all by the backend ends that meeting and no other (E13, E14, E15)', async () => {
    const meeting = await stage.backend.newMeeting();
    const other = await stage.backend.newMeeting();
    const people = [
      await stage.enter(meeting, 'Mary', 'group_call_host'),
      await stage.enter(meeting, 'Tom', 'group_call_participant'),
    ];
    const elsewhere = await stage.enter(other, 'Ann', 'group_call_participant');
    await stage.backend.kickAll(meeting);

    await expectEndedFor(people);
    expect(await elsewhere.run(() => window.meeting.self.roomState)).toBe('joined');
    expect(await stage.backend.sessionStatus(await elsewhere.sessionId())).toBe('LIVE');
  });

  it('by its time: the SDK hears the warning as a broadcast message, and then the end', async () => {
    const { client, accountId, appId } = stage.backend;
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const endAt = (at: number) => {
      const limit = { ends_at: new Date(at).toISOString() };
      const change = { account_id: accountId, app_id: appId, ...limit };
      return client.realtimeKit.meetings.updateMeetingByID(meeting, change);
    };
    const end = Date.now() + 61_500;
    await endAt(end);
    const warning = await host.sawEvent('participants', 'broadcastedMessage', { type: 'parley.timeLimit' });
    expect(warning.details).toMatchObject({
      payload: { endsAt: new Date(end).toISOString(), secondsLeft: 60 },
      timestamp: expect.any(Number),
    });
    await endAt(Date.now());
    await expectEndedFor([host]);
    const late = await stage.arrive(meeting, 'Tom', 'group_call_participant');
    expect(await late.init()).toMatchObject({ ok: false, code: '0004' });
  });

  it('without the permission kickAll() throws 1201 and nobody leaves (E06, E09)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await stage.enter(meeting, 'Tom', 'group_call_participant');
    expect(await guest.attempt(() => window.meeting.participants.kickAll())).toMatchObject({
      ok: false,
      code: '1201',
    });
    expect(await kickInPage(guest, host.id)).toMatchObject({ ok: false, code: '1201' });
    await Promise.all([host.seesVideoOf(guest.id), guest.seesVideoOf(host.id)]);
    expect((await host.events()).some(({ name }) => name === 'roomLeft')).toBe(false);
  });

  it('before the join kickAll() throws 1205 (S33)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.arrive(meeting, 'Mary', 'group_call_host');
    await host.init();
    expect(await host.attempt(() => window.meeting.participants.kickAll())).toMatchObject({
      ok: false,
      code: '1205',
    });
  });

  it('kick() takes one out; the others see one participantLeft (X02, X03, S31)', async () => {
    const meeting = await stage.backend.newMeeting();
    const { host, tom, ann } = await threePeople(meeting);
    expect(await kickInPage(host, ann.id)).toEqual({ ok: true });

    await ann.sawEvent('self', 'roomLeft', { state: 'kicked' });
    await tom.sawEvent('joined', 'participantLeft', { userId: ann.id });
    await until('the host has only Tom left', async () => (await host.joinedIds()).join() === tom.id);
    for (const person of [host, tom]) {
      expect(
        (await person.events()).filter(
          ({ source, name, details }) =>
            source === 'joined' &&
            name === 'participantLeft' &&
            (details as { userId: string }).userId === ann.id,
        ),
      ).toHaveLength(1);
    }
    await tom.seesVideoOf(host.id);
  });

  it('kick by the backend takes one out, who may come back with the same token (K16, X06)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await stage.enter(meeting, 'Tom', 'group_call_participant');
    await stage.backend.kick(meeting, guest.id);
    await guest.sawEvent('self', 'roomLeft', { state: 'kicked' });
    await host.sawEvent('joined', 'participantLeft', { userId: guest.id });

    const again = await stage.openPage(guest);
    expect(await again.init()).toEqual({ ok: true });
    expect(await again.join()).toEqual({ ok: true });
    expect(await again.sessionId()).toBe(await host.sessionId());
    await host.seesVideoOf(guest.id);
  });

  it('after the end the same tokens start a new session (E22)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const first = await host.sessionId();
    await host.run(() => window.meeting.participants.kickAll());
    await expectEndedFor([host]);

    const again = await stage.openPage(host);
    expect(await again.init()).toEqual({ ok: true });
    expect(await again.join()).toEqual({ ok: true });
    expect(await again.sessionId()).not.toBe(first);
    expect(await stage.backend.sessionStatus(first)).toBe('ENDED');
    expect(await stage.backend.sessionStatus(await again.sessionId())).toBe('LIVE');
  });

  it('INACTIVE keeps newcomers out and lets those inside stay; ACTIVE lets in again (E23, E28, L19)', async () => {
    const meeting = await stage.backend.newMeeting();
    const inside = await stage.enter(meeting, 'Mary', 'group_call_host');
    const outside = await stage.arrive(meeting, 'Tom', 'group_call_participant');
    await stage.backend.setStatus(meeting, 'INACTIVE');

    expect(await outside.init()).toMatchObject({ ok: false, code: '0004' });
    expect(await inside.run(() => window.meeting.self.roomState)).toBe('joined');

    await stage.backend.setStatus(meeting, 'ACTIVE');
    const back = await stage.openPage(outside);
    expect(await back.init()).toEqual({ ok: true });
    expect(await back.join()).toEqual({ ok: true });
    await inside.seesVideoOf(back.id);
  });

  it('a meeting that became INACTIVE after init() lets nobody join (L18)', async () => {
    const meeting = await stage.backend.newMeeting();
    const guest = await stage.arrive(meeting, 'Tom', 'group_call_participant');
    expect(await guest.init()).toEqual({ ok: true });
    await stage.backend.setStatus(meeting, 'INACTIVE');
    expect(await guest.join()).toMatchObject({ ok: false });
    expect(await guest.run(() => window.meeting.self.roomJoined)).toBe(false);
  });

  it('kick-all first, then INACTIVE: nobody stays and nobody comes back (X14)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    await stage.backend.kickAll(meeting);
    await stage.backend.setStatus(meeting, 'INACTIVE');
    await expectEndedFor([host]);
    const again = await stage.openPage(host);
    expect(await again.init()).toMatchObject({ ok: false, code: '0004' });
  });
});
