import { Hono } from 'hono';
import { newMeetingLivestream } from '../api/schemas/livestreams.js';
import { limitBody, requireStorableJson } from '../http/json-body.js';
import { ingestServer, playbackUrl } from '../livestreams/addresses.js';
import { openStreamKey } from '../livestreams/keys.js';
import { getActiveLivestream, type LivestreamRow } from '../livestreams/store.js';
import type { Services } from '../services.js';
import { otherMeeting } from '../sessions/meeting-info.js';
import type { AsParticipant } from './participant-only.js';
import { readBody } from './read-body.js';

const BODY_MAX_BYTES = 64 * 1024;

/**
 * What the SDK's `meeting.livestream` calls (rest-api.md 3.6). `can_livestream` as it is in the session decides who
 * starts and stops; everybody in the meeting may watch. The stream key is for those who may livestream, where they are
 * to send the picture themselves.
 */
export function livestreams({ db, secrets, settings, livestreams }: Services): Hono<AsParticipant> {
  const app = new Hono<AsParticipant>();
  const view = (row: LivestreamRow, mayLivestream: boolean) => ({
    id: row.id,
    name: row.name,
    meeting_id: row.meeting_id,
    status: row.status,
    manual_ingest: row.manual_ingest,
    playback_url: playbackUrl(settings, row.playback_key),
    ...(mayLivestream &&
      row.manual_ingest && {
        ingest_server: ingestServer(settings),
        stream_key: openStreamKey(secrets, row.id, row.stream_key),
      }),
  });
  app.use('/v2/meetings/:meetingId/livestreams', limitBody(BODY_MAX_BYTES), requireStorableJson);
  for (const path of ['livestreams', 'active-livestream', 'active-livestream/stop']) {
    app.use(`/v2/meetings/:meetingId/${path}`, async (c, next) => {
      if (c.req.param('meetingId') !== c.var.admission.meeting.meetingId) throw otherMeeting();
      await next();
    });
  }

  app.get('/v2/meetings/:meetingId/active-livestream', async (c) =>
    c.json({
      success: true,
      data: view(
        await getActiveLivestream(db, c.var.admission.meeting.meetingId),
        c.var.admission.preset.permissions.can_livestream,
      ),
    }),
  );

  app.post('/v2/meetings/:meetingId/livestreams', async (c) => {
    const { meeting, participant } = c.var.admission;
    const { manual_ingest: manualIngest = false, ...start } = await readBody(c, newMeetingLivestream);
    const row = await livestreams.start({
      meeting: { id: meeting.meetingId, app_id: meeting.appId },
      by: participant.id,
      settings: start,
      manualIngest,
    });
    return c.json({ success: true, data: view(row, true) }, 201);
  });

  app.post('/v2/meetings/:meetingId/active-livestream/stop', async (c) => {
    const { meeting, participant } = c.var.admission;
    await livestreams.stop(meeting.meetingId, participant.id);
    return c.json({ success: true, data: { message: 'Stopped live stream successfully' } });
  });
  return app;
}
