import { verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import type { Arrival } from '../support/receiver.js';
import { MEETING_EVENTS } from '../support/receiver.js';
import { until } from '../support/until.js';
import { startWebhookStage, type WebhookStage } from './stage.js';

/** `meeting.participantLeft of <peerId>`, and so on: enough to compare whole sequences. */
const short = ({ event, peerId }: Arrival) => (peerId ? `${event} of ${peerId}` : event);
const countOf = (arrivals: Arrival[], event: string) =>
  arrivals.filter((arrival) => arrival.event === event).length;

describe.skipIf(!serverIsBuilt)('webhooks of meetings', () => {
  let stage: WebhookStage;
  beforeAll(async () => {
    stage = await startWebhookStage();
  });
  afterAll(() => stage?.dispose());

  test('a meeting from its first join to kickAll by the host (E14, E15, WP01-WP04, WB06, WB08, WB16, Q22)', async () => {
    const { backend, receiver } = stage;
    const meeting = await backend.newMeeting({ title: 'Algebra' });
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const tom = await stage.enter(meeting, 'Tom');
    const ann = await stage.enter(meeting, 'Ann');
    tom.leave();
    await receiver.sawEvent(meeting, 'meeting.participantLeft');
    host.kickAll();
    await Promise.all([host.reached('ended'), ann.reached('ended')]);
    const arrivals = await receiver.meetingEnded(meeting);

    expect(arrivals.slice(0, 5).map(short)).toEqual([
      'meeting.started',
      `meeting.participantJoined of ${host.peerId}`,
      `meeting.participantJoined of ${tom.peerId}`,
      `meeting.participantJoined of ${ann.peerId}`,
      `meeting.participantLeft of ${tom.peerId}`,
    ]);
    expect(arrivals.slice(5, 7).map(short).toSorted()).toEqual(
      [host, ann].map(({ peerId }) => `meeting.participantLeft of ${peerId}`).toSorted(),
    );
    expect(arrivals.slice(7).map(short)).toEqual(['meeting.ended']);
    expect(arrivals.at(-1)!.reason).toBe('HOST_ENDED_MEETING');

    const key = await stage.publicKey();
    for (const { body, headers, sessionId } of arrivals) {
      expect(verify('sha256', body, key, Buffer.from(headers['rtk-signature'] as string, 'base64'))).toBe(
        true,
      );
      expect(headers['rtk-webhook-id']).toBe(receiver.webhookId);
      expect(headers['content-length']).toBe(String(body.length));
      expect(sessionId).toBe(arrivals[0]!.sessionId);
    }
    expect(new Set(arrivals.map(({ headers }) => headers['rtk-uuid'])).size).toBe(arrivals.length);
    expect(await backend.sessionStatus(arrivals[0]!.sessionId)).toBe('ENDED');

    const { client, appId, accountId } = backend;
    const app = (await client.realtimeKit.apps.get({ account_id: accountId })).data!.find(
      ({ id }) => id === appId,
    )!;
    const content = JSON.parse(arrivals.at(-1)!.body.toString());
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const meetingFields = {
      id: meeting,
      sessionId: arrivals[0]!.sessionId,
      title: 'Algebra',
      roomName: meeting,
      status: 'LIVE',
      createdAt: time,
      startedAt: time,
      organizedBy: { id: appId, name: app.name },
    };
    expect(content).toEqual({
      event: 'meeting.ended',
      meeting: { ...meetingFields, endedAt: time },
      reason: 'HOST_ENDED_MEETING',
    });
    expect(JSON.parse(arrivals[0]!.body.toString())).toEqual({
      event: 'meeting.started',
      meeting: meetingFields,
    });
    expect(JSON.parse(arrivals[4]!.body.toString())).toEqual({
      event: 'meeting.participantLeft',
      meeting: meetingFields,
      participant: {
        peerId: tom.peerId,
        userDisplayName: 'Tom',
        customParticipantId: 'custom-Tom',
        clientSpecificId: 'custom-Tom',
        joinedAt: time,
        leftAt: time,
      },
    });
  });

  test('kick-all by two backends at once while 50 peers join: one end, one leave for each join (E15, K23)', async () => {
    const { backend, receiver } = stage;
    const meeting = await backend.newMeeting();
    await stage.enter(meeting, 'Host', 'group_call_host');
    const joining = Array.from({ length: 50 }, (_, index) =>
      stage.enter(meeting, `peer ${index}`).catch(() => null),
    );
    await receiver.sawEvent(meeting, 'meeting.participantJoined', 10);
    const kicks = await Promise.allSettled([backend.kickAll(meeting), backend.kickAll(meeting)]);
    expect(kicks.map(({ status }) => status)).toContain('fulfilled');
    await Promise.all(joining);
    // Who came after the end has begun a new session; it is ended too.
    await backend.kickAll(meeting).catch(() => {});

    const [first] = receiver.of(meeting);
    const ofFirstSession = () =>
      receiver.of(meeting).filter(({ sessionId }) => sessionId === first!.sessionId);
    // The sessions of a meeting are delivered side by side: the end of the second may come before that of the first.
    await until('the first session has ended', () => countOf(ofFirstSession(), 'meeting.ended') > 0);
    const arrivals = ofFirstSession();
    const joined = arrivals
      .filter(({ event }) => event === 'meeting.participantJoined')
      .map(({ peerId }) => peerId);
    const left = arrivals
      .filter(({ event }) => event === 'meeting.participantLeft')
      .map(({ peerId }) => peerId);
    expect(left.toSorted()).toEqual(joined.toSorted());
    expect(new Set(left).size).toBe(left.length);
    expect(countOf(arrivals, 'meeting.started')).toBe(1);
    expect(countOf(arrivals, 'meeting.ended')).toBe(1);
    expect(arrivals.at(-1)).toMatchObject({ event: 'meeting.ended', reason: 'HOST_ENDED_MEETING' });
  });

  test('a kick is a leave; two connections of one participant are two peers (WP03, WP04, C17)', async () => {
    const { backend, receiver } = stage;
    const meeting = await backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const tom = await backend.addParticipant(meeting, 'Tom', 'group_call_participant');
    const tabs = [await stage.enterAgain(tom), await stage.enterAgain(tom)];
    await backend.kick(meeting, tom.id);
    await Promise.all(tabs.map((tab) => tab.reached('kicked')));
    const left = await receiver.sawEvent(meeting, 'meeting.participantLeft', 2);
    expect(left.map(({ peerId }) => peerId).toSorted()).toEqual(tabs.map(({ peerId }) => peerId).toSorted());
    const joined = await receiver.sawEvent(meeting, 'meeting.participantJoined', 3);
    expect(joined.map(({ peerId }) => peerId)).toEqual([host.peerId, tabs[0]!.peerId, tabs[1]!.peerId]);
    await backend.kickAll(meeting);
    const all = await receiver.meetingEnded(meeting);
    expect(countOf(all, 'meeting.participantLeft')).toBe(3);
  });

  test('everybody leaves and the keep-alive time is over (L05, L10, WP02)', async () => {
    const { backend, receiver } = stage;
    const meeting = await backend.newMeeting({ session_keep_alive_time_in_secs: 1 });
    const peers = [await stage.enter(meeting, 'Mary'), await stage.enter(meeting, 'Tom')];
    for (const peer of peers) peer.leave();
    const arrivals = await receiver.meetingEnded(meeting);
    expect(arrivals.at(-1)!.reason).toBe('ALL_PARTICIPANTS_LEFT');
    const left = arrivals.filter(({ event }) => event === 'meeting.participantLeft');
    expect(left.map(({ peerId }) => peerId).toSorted()).toEqual(peers.map(({ peerId }) => peerId).toSorted());
  });

  test('only subscribed events are sent, and none while the webhook is disabled (WB01, WB03, WB17)', async () => {
    const { backend, receiver, scope } = stage;
    const { webhooks } = backend.client.realtimeKit;
    const change = (settings: object) => webhooks.editWebhook(receiver.webhookId, { ...scope, ...settings });
    const runMeeting = async () => {
      const meeting = await backend.newMeeting();
      await stage.enter(meeting, 'Mary');
      await backend.kickAll(meeting);
      return meeting;
    };
    await change({ enabled: false });
    const silent = await runMeeting();
    await change({ enabled: true, events: ['meeting.ended'] });
    const heard = await runMeeting();
    await receiver.meetingEnded(heard);
    await change({ events: MEETING_EVENTS });
    expect(receiver.of(silent)).toHaveLength(0);
    expect(receiver.of(heard).map(short)).toEqual(['meeting.ended']);
  });
});
