import { RoomEvent } from '@parley/wire';
import Cloudflare from 'cloudflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';

describe.skipIf(!serverIsBuilt)('what is said in a session', () => {
  let stage: SessionStage;
  let receiver: Receiver;
  beforeAll(async () => {
    stage = await startSessionStage();
    await stage.backend.newPreset('transcribed', 'group_call_participant', { transcription_enabled: true });
    receiver = await startReceiver(stage.backend, ['meeting.ended', 'meeting.transcript', 'meeting.summary']);
  });
  afterAll(async () => {
    await stage?.dispose();
    await receiver?.close();
  });

  const say = (meeting: string, participant_id: string, text: string, is_partial?: boolean) => {
    const { account_id, app_id } = stage.scope;
    const path = `/accounts/${account_id}/realtime/kit/${app_id}/meetings/${meeting}/active-session/transcript`;
    return stage.backend.client.post<{ data: object }>(path, { body: { participant_id, text, is_partial } });
  };

  test('becomes a line at everybody when an engine of the backend sends it (A01, A02, R34)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary', 'group_call_host');
    const tom = await stage.enter(meeting, 'Tom', 'transcribed');
    const heard = [mary, tom].map((peer) => peer.next(RoomEvent.transcript));
    expect((await say(meeting, tom.participantId, 'Good mor', true)).data).toEqual({ action: 'transcript' });
    for (const { transcript, isPartial } of await Promise.all(heard)) {
      expect(isPartial).toBe(true);
      expect(transcript).toContain(`"${tom.peerId}","${tom.participantId}",`);
      expect(transcript).toContain('"Tom","Good mor"');
    }
    await expect(say(meeting, mary.participantId, 'Hello')).rejects.toMatchObject({
      status: 400,
      error: { error: { reason: 'not_transcribed' } },
    });
    await expect(say(await stage.backend.newMeeting(), tom.participantId, 'Hello')).rejects.toThrow('404');
  });

  test('is neither kept nor summed up: no engine is there, and every answer says so (A03-A08, A12-A14)', async () => {
    const { app_id, account_id } = stage.scope;
    const ai_config = { transcription: { language: 'de' as const, keywords: ['Parley'] } };
    const { data } = await stage.kit.meetings.create(app_id, {
      account_id,
      title: 'Minutes',
      transcribe_on_end: true,
      summarize_on_end: true,
      ai_config,
    });
    const meeting = data!.id;
    const summarization = { word_limit: 200 };
    await stage.kit.meetings.updateMeetingByID(meeting, {
      ...stage.scope,
      ai_config: { summarization },
    });
    const shown = await stage.kit.meetings.getMeetingByID(meeting, stage.scope);
    expect(shown.data).toMatchObject({
      transcribe_on_end: true,
      summarize_on_end: true,
      ai_config: { ...ai_config, summarization },
    });
    const tom = await stage.enter(meeting, 'Tom', 'transcribed');
    await say(meeting, tom.participantId, 'Hello');
    await stage.backend.kickAll(meeting);
    await receiver.sawEvent(meeting, 'meeting.ended');

    const [session] = await stage.sessionsOf(meeting);
    const none = { status: 404, message: expect.stringContaining('no engine') };
    const { sessions } = stage.kit;
    await expect(sessions.getSessionTranscripts(session!.id, stage.scope)).rejects.toMatchObject(none);
    await expect(sessions.getSessionSummary(session!.id, stage.scope)).rejects.toMatchObject(none);
    const summary = await sessions
      .generateSummaryOfTranscripts(session!.id, stage.scope)
      .catch((error: unknown) => error);
    expect(summary).toBeInstanceOf(Cloudflare.InternalServerError);
    expect(summary).toMatchObject({ status: 503, error: { error: { reason: 'not_available' } } });
    expect(receiver.of(meeting).map(({ event }) => event)).toEqual(['meeting.ended']);
  });
});
