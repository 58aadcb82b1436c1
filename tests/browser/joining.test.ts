import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('two people join a meeting', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setUpStage();
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.dispose());

  it('init() succeeds and tells the preset before the join (E07, E08, S22)', async () => {
    const meeting = await stage.backend.newMeeting({ title: 'Weekly' });
    const host = await stage.arrive(meeting, 'Mary', 'group_call_host');
    const guest = await stage.arrive(meeting, 'Tom', 'group_call_participant');
    expect(await host.init()).toEqual({ ok: true });
    expect(await guest.init()).toEqual({ ok: true });

    const self = (person: typeof host) =>
      person.run(() => ({
        name: window.meeting.self.name,
        userId: window.meeting.self.userId,
        customParticipantId: window.meeting.self.customParticipantId,
        presetName: window.meeting.self.presetName,
        kickParticipant: window.meeting.self.permissions.kickParticipant,
        roomState: window.meeting.self.roomState,
        title: window.meeting.meta.meetingTitle,
      }));
    expect(await self(host)).toEqual({
      name: 'Mary',
      userId: host.id,
      customParticipantId: 'custom-Mary',
      presetName: 'group_call_host',
      kickParticipant: true,
      roomState: 'init',
      title: 'Weekly',
    });
    expect(await self(guest)).toMatchObject({ kickParticipant: false, presetName: 'group_call_participant' });
  });

  it('join() raises roomJoined once on oneself and participantJoined on the other (L16)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await stage.enter(meeting, 'Tom', 'group_call_participant');

    await host.sawEvent('joined', 'participantJoined', { userId: guest.id, name: 'Tom' });
    expect(await host.joinedIds()).toEqual([guest.id]);
    expect(await guest.joinedIds()).toEqual([host.id]);
    expect(await host.run(() => window.meeting.self.roomState)).toBe('joined');
    expect((await host.events()).filter(({ name }) => name === 'roomJoined')).toHaveLength(1);
    const joins = (await host.events()).filter(
      ({ source, name }) => source === 'joined' && name === 'participantJoined',
    );
    expect(joins).toHaveLength(1);
  });

  it('both are in the same live session (C09, L01)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await stage.enter(meeting, 'Tom', 'group_call_participant');
    const sessionId = await host.sessionId();
    expect(sessionId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await guest.sessionId()).toBe(sessionId);
    expect(await stage.backend.sessionStatus(sessionId)).toBe('LIVE');
  });

  it('each sees and hears the other', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await stage.enter(meeting, 'Tom', 'group_call_participant');
    await Promise.all([
      host.seesVideoOf(guest.id),
      guest.seesVideoOf(host.id),
      host.hears(guest.id),
      guest.hears(host.id),
    ]);
  });

  it('three people see and hear each other, the last one included', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary', 'group_call_host');
    const tom = await stage.enter(meeting, 'Tom', 'group_call_participant');
    const ann = await stage.enter(meeting, 'Ann', 'group_call_participant');
    await Promise.all([
      ...[mary, tom].flatMap((person) => [person.seesVideoOf(ann.id), person.hears(ann.id)]),
      ...[mary, tom].flatMap((person) => [ann.seesVideoOf(person.id), ann.hears(person.id)]),
      mary.seesVideoOf(tom.id),
      tom.seesVideoOf(mary.id),
    ]);
  });

  it('two tabs of one participant are two peers of one person (C17)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const firstTab = await stage.enter(meeting, 'Tom', 'group_call_participant');
    const secondTab = await stage.openPage(firstTab);
    expect(await secondTab.init()).toEqual({ ok: true });
    expect(await secondTab.join()).toEqual({ ok: true });

    expect(await secondTab.peerId()).not.toBe(await firstTab.peerId());
    await host.sawEvent('joined', 'participantJoined', { id: await secondTab.peerId(), userId: firstTab.id });
    expect(await host.joinedIds()).toEqual([firstTab.id, firstTab.id]);

    await firstTab.run(() => window.meeting.leave());
    await host.sawEvent('joined', 'participantLeft', { id: await firstTab.peerId() });
    expect(await host.joinedIds()).toEqual([firstTab.id]);
    await host.seesVideoOf(firstTab.id);
  });

  it.each([
    ['with a token that was never signed here', (token: string) => `${token.slice(0, -6)}AAAAAA`],
    ['with a token of another meeting and the same signature', (token: string) => swapMeeting(token)],
  ])('init() rejects with 0004 %s (SE13, S22)', async (_case, tamper) => {
    const meeting = await stage.backend.newMeeting();
    const { id, token } = await stage.backend.addParticipant(meeting, 'Tom', 'group_call_participant');
    const person = await stage.openPage({ id, token: tamper(token) });
    expect(await person.init()).toMatchObject({ ok: false, code: '0004' });
  });

  it('init() rejects with 0004 after the participant was deleted (X07)', async () => {
    const meeting = await stage.backend.newMeeting();
    const { client, accountId, appId } = stage.backend;
    const person = await stage.arrive(meeting, 'Tom', 'group_call_participant');
    await client.realtimeKit.meetings.deleteMeetingParticipant(person.id, {
      account_id: accountId,
      app_id: appId,
      meeting_id: meeting,
    });
    expect(await person.init()).toMatchObject({ ok: false, code: '0004' });
  });
});

function swapMeeting(token: string): string {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const claims = JSON.parse(Buffer.from(payload, 'base64').toString());
  const other = { ...claims, meetingId: '00000000-0000-4000-8000-000000000000' };
  return [header, Buffer.from(JSON.stringify(other)).toString('base64'), signature].join('.');
}
