import { ChatEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { startReceiver } from '../support/receiver.js';
import { until } from '../support/until.js';
import { startWebhookStage, type WebhookStage } from './stage.js';

/** Less than the 30 seconds after which the claim of the dead server lapses by itself. */
const REDELIVERED_WITHIN_MS = 15_000;

interface Delivery {
  id: string;
  event: string;
  status: 'PENDING' | 'DELIVERED' | 'FAILED';
  attempts: number;
  body?: string;
  attempt_log?: { attempt: number; http_status: number | null; error: string | null }[];
}

describe.skipIf(!serverIsBuilt)('delivery of webhooks', () => {
  let stage: WebhookStage;
  beforeAll(async () => {
    stage = await startWebhookStage();
  });
  afterAll(() => stage?.dispose());

  const logUrl = (path: string) =>
    `/accounts/${stage.scope.account_id}/realtime/kit/${stage.scope.app_id}${path}`;

  test('the delivery log can be read, and a delivery sent again (WB15, Q21)', async () => {
    const { backend, receiver } = stage;
    const { webhookId } = receiver;
    const meeting = await backend.newMeeting();
    await stage.enter(meeting, 'Mary');
    await backend.kickAll(meeting);
    await receiver.meetingEnded(meeting);

    const [ended] = receiver.of(meeting).filter(({ event }) => event === 'meeting.ended');
    const id = ended!.headers['rtk-uuid'] as string;
    const get = async <T>(path: string) => (await backend.client.get<{ data: T }>(logUrl(path))).data;
    const delivery = await until('the delivery is logged', async () => {
      const found = await get<Delivery>(`/webhooks/${webhookId}/deliveries/${id}`);
      return found.status === 'DELIVERED' && found;
    });
    expect(delivery.body).toBe(ended!.body.toString());
    expect(delivery.attempt_log).toMatchObject([{ attempt: 1, http_status: 204, error: null }]);
    const log = await get<Delivery[]>(`/webhooks/${webhookId}/deliveries?status=DELIVERED`);
    expect(log.map(({ event }) => event)).toEqual([
      'meeting.ended',
      'meeting.participantLeft',
      'meeting.participantJoined',
      'meeting.started',
    ]);

    await backend.client.post(logUrl(`/webhooks/${webhookId}/deliveries/${id}/redeliver`));
    const [, again] = await receiver.sawEvent(meeting, 'meeting.ended', 2);
    expect(again!.headers['rtk-uuid']).toBe(id);
    expect(again!.body.equals(ended!.body)).toBe(true);
  });

  test('kill -9 with one end under way and another just acknowledged: both arrive (WB07, E15)', async () => {
    const { backend, receiver, parley } = stage;
    const underWay = await backend.newMeeting();
    const acknowledged = await backend.newMeeting();
    for (const meeting of [underWay, acknowledged]) {
      await stage.enter(meeting, 'Mary', 'group_call_host');
      await stage.enter(meeting, 'Tom');
      await receiver.sawEvent(meeting, 'meeting.participantJoined', 2);
    }
    receiver.hold = ({ event }) => event === 'meeting.ended';
    await backend.kickAll(underWay);
    await receiver.meetingEnded(underWay);
    await backend.kickAll(acknowledged);
    await parley.kill();
    const before = receiver.of(underWay).at(-1)!;
    receiver.hold = null;
    receiver.arrivals = receiver.arrivals.filter(({ event }) => event !== 'meeting.ended');
    await parley.start();

    for (const meeting of [underWay, acknowledged]) {
      await until(
        'meeting.ended comes',
        () => receiver.of(meeting).some(({ event }) => event === 'meeting.ended'),
        REDELIVERED_WITHIN_MS,
      );
      const deliveries = new Map(
        receiver.of(meeting).map((arrival) => [arrival.headers['rtk-uuid'], arrival]),
      );
      const events = [...deliveries.values()].map(({ event }) => event);
      expect(events).toEqual([
        'meeting.started',
        'meeting.participantJoined',
        'meeting.participantJoined',
        'meeting.participantLeft',
        'meeting.participantLeft',
        'meeting.ended',
      ]);
    }
    const again = receiver.of(underWay).at(-1)!;
    expect(again.headers['rtk-uuid']).toBe(before.headers['rtk-uuid']);
    expect(again.headers['rtk-signature']).toBe(before.headers['rtk-signature']);
    expect(again.body.equals(before.body)).toBe(true);
  });

  test('kill -9 once the end is acknowledged: the chat is told of, with a link to it as CSV (H17-H19, WP05)', async () => {
    const { backend, parley } = stage;
    const chatReceiver = await startReceiver(backend, ['meeting.ended', 'meeting.chatSynced']);
    const meeting = await backend.newMeeting({ title: 'Talk' });
    const mary = await stage.enter(meeting, 'Mary', 'group_call_host');
    await mary.request(ChatEvent.sendMessageToRoom, { payloadType: 0, payload: 'so long' });
    await backend.kickAll(meeting);
    await parley.kill();
    await parley.start();

    const [synced] = await chatReceiver.sawEvent(meeting, 'meeting.chatSynced');
    expect(new Set(chatReceiver.of(meeting).map(({ event }) => event))).toEqual(
      new Set(['meeting.ended', 'meeting.chatSynced']),
    );
    const { chatDownloadUrl, chatDownloadUrlExpiry, title } = JSON.parse(synced!.body.toString());
    expect(title).toBe('Talk');
    expect(Date.parse(chatDownloadUrlExpiry)).toBeGreaterThan(Date.now());
    const { origin, pathname, search } = new URL(chatDownloadUrl);
    expect(origin).toBe(`https://${parley.baseDomain}`);
    const csv = await (await fetch(parley.httpUrl + pathname + search)).text();
    expect(csv.split('\r\n')[1]).toContain(`"${synced!.sessionId}","${meeting}","Mary"`);
    expect(csv).toContain('"so long"');
    await chatReceiver.close();
  });
});
