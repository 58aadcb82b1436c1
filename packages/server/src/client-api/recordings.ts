import { type Context, Hono } from 'hono';
import { getMeeting } from '../api/rows/meetings.js';
import { newRecording, recordingAction, settingsOf } from '../api/schemas/recordings.js';
import { originOf } from '../files/links.js';
import { limitBody, requireStorableJson } from '../http/json-body.js';
import type { Services } from '../services.js';
import { otherMeeting } from '../sessions/meeting-info.js';
import type { AsParticipant } from './participant-only.js';
import { readBody } from './read-body.js';

const BODY_MAX_BYTES = 64 * 1024;

/**
 * What the SDK's `meeting.recording` calls (rest-api.md 3.6), and who starts a recording with a participant's token
 * (features.md RC13). `can_record` as it is in the session decides: 403 without it, 409 while another recording runs.
 */
export function recordings({ db, settings, recordings }: Services): Hono<AsParticipant> {
  const app = new Hono<AsParticipant>();
  const origin = (c: Context) => originOf(c.req.url, c.req.header('x-forwarded-proto'), settings.baseDomain);
  app.use('/v2/recordings/*', limitBody(BODY_MAX_BYTES), requireStorableJson);

  app.get('/v2/recordings/active-recording/:meetingId', async (c) => {
    const { meeting } = c.var.admission;
    if (c.req.param('meetingId') !== meeting.meetingId) throw otherMeeting('meeting_id');
    const row = await recordings.getActive(meeting.meetingId);
    return c.json({ success: true, data: await recordings.view(row, origin(c)) });
  });

  app.post('/v2/recordings', async (c) => {
    const { meeting, participant } = c.var.admission;
    const body = await readBody(c, newRecording);
    if (body.meeting_id.toLowerCase() !== meeting.meetingId) throw otherMeeting('meeting_id');
    const row = await recordings.start({
      meeting: await getMeeting(db, meeting.appId, meeting.meetingId),
      by: participant.id,
      ...settingsOf(body),
    });
    return c.json({ success: true, data: await recordings.view(row, origin(c)) });
  });

  app.put('/v2/recordings/:id', async (c) => {
    const { meeting, participant } = c.var.admission;
    const { action } = await readBody(c, recordingAction);
    const row = await recordings.get(meeting.appId, c.req.param('id'));
    if (row.meeting_id !== meeting.meetingId) throw otherMeeting();
    const changed = await recordings.control(row, participant.id, action);
    return c.json({ success: true, data: await recordings.view(changed, origin(c)) });
  });
  return app;
}
