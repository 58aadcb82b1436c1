import { randomUUID } from 'node:crypto';
import { BACKEND } from '@parley/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppId, WebhookId } from '../../../src/ids.js';
import { clearEndedChat } from '../../../src/sessions/chat-retention.js';
import type { Admission } from '../../../src/sessions/meeting-info.js';
import { letIn, type SessionsBench, startSessionsBench } from './support.js';

const DAY_MS = 24 * 60 * 60_000;
const KEPT_DAYS = 7;
const NEVER = new AbortController().signal;

let bench: SessionsBench;
beforeAll(async () => {
  bench = await startSessionsBench();
});
afterAll(() => bench?.close());

/** A session in which `sent` messages were written and `deleted` of them deleted, and which has ended. */
async function endedSession(sent: number, deleted: number): Promise<Admission> {
  const meetings = bench.startMeetings();
  const admission = await bench.newMeeting();
  const host = await meetings.open(admission.meeting.meetingId);
  const by = await letIn(host, admission);
  const ids = Array.from({ length: sent }, () => randomUUID());
  const message = { type: 'SendChat', by, payloadType: 0, payload: 'hello', toPeerIds: null } as const;
  for (const messageId of ids) await host.execute({ ...message, messageId });
  for (const messageId of ids.slice(0, deleted)) await host.execute({ type: 'DeleteChat', by, messageId });
  await host.execute({ type: 'EndSession', by: BACKEND });
  return admission;
}

const messagesOf = async ({ meeting }: Admission) =>
  (
    await bench.database.db
      .selectFrom('chat_messages')
      .select('id')
      .where('meeting_id', '=', meeting.meetingId)
      .execute()
  ).length;

const clear = (daysLater: number) =>
  clearEndedChat(bench.database.db, new Date(Date.now() + daysLater * DAY_MS), KEPT_DAYS, NEVER);

describe('the chat of a session that has ended', () => {
  it('is told of once, after the end, where there is any (H19, WP05)', async () => {
    const { db } = bench.database;
    const { id: appId } = await db.selectFrom('apps').select('id').executeTakeFirstOrThrow();
    const webhook = {
      id: randomUUID() as WebhookId,
      app_id: appId as AppId,
      name: 'chat',
      url: 'https://example.com/',
      events: ['meeting.ended', 'meeting.chatSynced'],
      enabled: true,
      created_at: new Date(),
      updated_at: new Date(),
    };
    await db.insertInto('webhooks').values(webhook).execute();
    const [some, none, allDeleted] = [
      await endedSession(2, 1),
      await endedSession(0, 0),
      await endedSession(2, 2),
    ];
    const rows = await db.selectFrom('webhook_deliveries').selectAll().orderBy('position').execute();
    const bodies = rows.map((row) => JSON.parse(row.body));
    const told = bodies.map(({ event, meetingId, meeting }) => [event, meetingId ?? meeting.id]);
    expect(told).toEqual([
      ['meeting.ended', some.meeting.meetingId],
      ['meeting.chatSynced', some.meeting.meetingId],
      ['meeting.ended', none.meeting.meetingId],
      ['meeting.ended', allDeleted.meeting.meetingId],
    ]);
    const { sessionId } = bodies[1];
    expect(bodies[1].chatDownloadUrl).toBe(`https://parley.example/${sessionId}`);
    expect(sessionId).toBe(bodies[0].meeting.sessionId);
    expect(rows[1]!.session_id).toBe(sessionId);
    await db.deleteFrom('webhooks').execute();
  });

  it('is removed seven days after the end, deleted messages too, and not before (H15, D02)', async () => {
    const admission = await endedSession(3, 1);
    await clear(KEPT_DAYS - 0.01);
    expect(await messagesOf(admission)).toBe(3);
    await clear(KEPT_DAYS + 0.01);
    expect(await messagesOf(admission)).toBe(0);
    expect(await clear(KEPT_DAYS + 0.01)).toBe(0);
  });

  it('is kept where the meeting keeps it, and while the session is live (H16)', async () => {
    const kept = await endedSession(2, 0);
    const { db } = bench.database;
    const changed = db.updateTable('meetings').where('id', '=', kept.meeting.meetingId);
    await changed.set({ persist_chat: true }).execute();
    const live = await bench.newMeeting();
    const host = await bench.startMeetings().open(live.meeting.meetingId);
    const by = await letIn(host, live);
    const message = { payloadType: 0, payload: 'hello', toPeerIds: null };
    await host.execute({ type: 'SendChat', by, messageId: randomUUID(), ...message });
    await clear(400);
    expect([await messagesOf(kept), await messagesOf(live)]).toEqual([2, 1]);
    await changed.set({ persist_chat: false }).execute();
    await clear(400);
    expect(await messagesOf(kept)).toBe(0);
  });
});
