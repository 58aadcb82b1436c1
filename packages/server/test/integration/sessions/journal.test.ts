import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recoverSession } from '../../../src/sessions/recovery.js';
import { letIn, type SessionsBench, startSessionsBench } from './support.js';

let bench: SessionsBench;
beforeAll(async () => {
  bench = await startSessionsBench();
});
afterAll(() => bench?.close());

describe('the journal', () => {
  it('writes many sessions in few transactions', async () => {
    let commits = 0;
    const meetings = bench.startMeetings({ committed: () => commits++ });
    const admissions = await Promise.all(Array.from({ length: 50 }, () => bench.newMeeting()));
    await Promise.all(
      admissions.map(async (admission) => letIn(await meetings.open(admission.meeting.meetingId), admission)),
    );
    expect(commits).toBeLessThan(10);
    for (const { meeting } of admissions) {
      const { state } = (await recoverSession(bench.database.db, meeting.meetingId))!;
      expect(state.session!.peers.size).toBe(1);
    }
  });

  it('fails the one session that cannot be written, and none of those that share its commit', async () => {
    const { db } = bench.database;
    const meetings = bench.startMeetings();
    const admissions = await Promise.all(Array.from({ length: 10 }, () => bench.newMeeting()));
    // A live session that this server knows nothing of: the meeting's next one cannot begin.
    const like = await db.selectFrom('sessions').selectAll().limit(1).executeTakeFirstOrThrow();
    await db
      .insertInto('sessions')
      .values({
        ...like,
        id: randomUUID() as never,
        meeting_id: admissions[3]!.meeting.meetingId,
        last_seq: 0,
      })
      .execute();
    const joins = await Promise.allSettled(
      admissions.map(async (admission) => letIn(await meetings.open(admission.meeting.meetingId), admission)),
    );
    expect(joins.map(({ status }) => status)).toEqual(
      admissions.map((_, index) => (index === 3 ? 'rejected' : 'fulfilled')),
    );
  });
});
