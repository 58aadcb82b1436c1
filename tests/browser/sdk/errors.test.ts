import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, setUpStage } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';

const FAKE_RECORDER = fileURLToPath(new URL('../../support/fake-recorder.mjs', import.meta.url));

/** A token that nobody has signed, with whatever claims. */
const forged = (claims: object) =>
  ['{"alg":"RS256","typ":"JWT"}', JSON.stringify(claims), 'x']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)(
  'what the server refuses, as codes of the SDK',
  () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await setUpStage({ env: { PARLEY_RECORDER: FAKE_RECORDER, PARLEY_RECORDERS_MAX: '1' } });
    });
    afterEach(() => stage.clear());
    afterAll(() => stage?.dispose());

    it('0002: a join into a meeting that is full', async () => {
      const { backend } = stage;
      const meeting = await backend.newMeeting();
      const limit = { max_participants: 1 };
      await backend.client.realtimeKit.meetings.updateMeetingByID(meeting, {
        account_id: backend.accountId,
        app_id: backend.appId,
        ...limit,
      });
      await stage.enter(meeting, 'Mary', 'group_call_host');
      const late = await stage.arrive(meeting, 'Tom', 'group_call_participant');
      expect(await late.init()).toEqual({ ok: true });
      expect(await late.join()).toMatchObject({ ok: false, code: '0002' });
    });

    it('0004: tokens that cannot be read, that nobody signed, and that name no meeting', async () => {
      for (const token of [
        'nothing',
        forged({ orgId: 'o', meetingId: 'm', participantId: 'p' }),
        forged({}),
      ]) {
        const person = await stage.openPage({ id: 'p', token });
        expect(await person.init()).toMatchObject({ ok: false, code: '0004' });
      }
    });

    it('0500: a file of a type that the server does not take', async () => {
      const meeting = await stage.backend.newMeeting();
      const mary = await stage.enter(meeting, 'Mary', 'group_call_host');
      const sent = await mary.attempt(() =>
        window.meeting.chat.sendFileMessage(new File(['<p>'], 'page.html', { type: 'text/html' })),
      );
      expect(sent).toMatchObject({ ok: false, code: '0500' });
    });

    it('1001, 1005 and 1000: a recording without the right to it, beside another one, and beyond what the server makes', async () => {
      const meeting = await stage.backend.newMeeting();
      const mary = await stage.enter(meeting, 'Mary', 'group_call_host');
      const ann = await stage.enter(meeting, 'Ann', 'group_call_host');
      const guest = await stage.enter(meeting, 'Tom', 'group_call_participant');
      const start = () => window.meeting.recording.start();
      expect(await guest.attempt(start)).toMatchObject({ ok: false, code: '1001' });
      const both = await Promise.all([mary.attempt(start), ann.attempt(start)]);
      expect(both.filter(({ ok }) => ok)).toHaveLength(1);
      expect(both).toContainEqual(expect.objectContaining({ ok: false, code: '1005' }));
      const elsewhere = await stage.enter(await stage.backend.newMeeting(), 'Eve', 'group_call_host');
      expect(await elsewhere.attempt(start)).toMatchObject({ ok: false, code: '1000' });
    });

    it('1900 and 1901: a livestream for which no recorder is free, and without the right to it', async () => {
      const meeting = await stage.backend.newMeeting();
      const host = await stage.enter(meeting, 'Mary', 'livestream_host');
      const viewer = await stage.enter(meeting, 'Tom', 'livestream_viewer');
      const start = () => window.meeting.livestream.start();
      const record = () => window.meeting.recording.start();
      // It takes the only recorder, unless an earlier test still has it.
      await host.attempt(record);
      expect(await host.attempt(start)).toMatchObject({ ok: false, code: '1900' });
      expect(await viewer.attempt(start)).toMatchObject({ ok: false, code: '1901' });
    });

    it('0001: a server that is not there', async () => {
      const meeting = await stage.backend.newMeeting();
      const mary = await stage.arrive(meeting, 'Mary', 'group_call_host');
      await stage.parley.stop();
      expect(await mary.init()).toMatchObject({ ok: false, code: '0001' });
      await stage.parley.start();
      expect(await mary.init()).toEqual({ ok: true });
    });
  },
);

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('a network that lets no media through', () => {
  it('0014: the join fails', async () => {
    // Of the network for documentation, which nobody answers from.
    const stage = await setUpStage({ env: { PARLEY_MEDIA_IP: '192.0.2.1' } });
    try {
      const mary = await stage.arrive(await stage.backend.newMeeting(), 'Mary', 'group_call_host');
      expect(await mary.init()).toEqual({ ok: true });
      expect(await mary.join()).toMatchObject({ ok: false, code: '0014' });
    } finally {
      await stage.dispose();
    }
  });
});
