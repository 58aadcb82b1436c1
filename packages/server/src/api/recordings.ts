import { createRoute, z } from '@hono/zod-openapi';
import { BACKEND } from '@parley/core';
import type { Context } from 'hono';
import { originOf } from '../files/links.js';
import { pageOf } from '../http/pagination.js';
import type { MeetingId } from '../ids.js';
import { type ManagementServices, resourceRouter } from './router.js';
import { getMeeting, requireMeeting, toMeetingListItem } from './rows/meetings.js';
import { findRecordings, meetingsOf } from './rows/recordings.js';
import { answer, jsonBody, ok, okPage, pageAnswer } from './schemas/envelope.js';
import { anyId, meetingId } from './schemas/ids.js';
import {
  listedRecording,
  newRecording,
  newTrackRecording,
  recordingAction,
  recordingList,
  recordingView,
  settingsOf,
} from './schemas/recordings.js';

const ofRecording = z.object({ recording_id: anyId });

const list = createRoute({
  method: 'get',
  path: '/recordings',
  summary: 'List recordings',
  request: { query: recordingList },
  responses: { 200: pageAnswer('Recordings.', listedRecording) },
});

const start = createRoute({
  method: 'post',
  path: '/recordings',
  summary: 'Record a meeting',
  request: { body: jsonBody(newRecording) },
  responses: { 200: answer('The recording, on its way.', recordingView) },
});

const startTracks = createRoute({
  method: 'post',
  path: '/recordings/track',
  summary: 'Record the tracks of a meeting',
  request: { body: jsonBody(newTrackRecording) },
  responses: { 200: answer('The recording, on its way.', z.object({ recording: recordingView })) },
});

const getActive = createRoute({
  method: 'get',
  path: '/recordings/active-recording/{meeting_id}',
  summary: 'Get the running recording of a meeting',
  request: { params: z.object({ meeting_id: meetingId }) },
  responses: { 200: answer('The newest recording that runs.', recordingView) },
});

const get = createRoute({
  method: 'get',
  path: '/recordings/{recording_id}',
  summary: 'Get a recording',
  request: { params: ofRecording },
  responses: { 200: answer('The recording.', recordingView) },
});

const control = createRoute({
  method: 'put',
  path: '/recordings/{recording_id}',
  summary: 'Stop, pause or resume a recording',
  request: { params: ofRecording, body: jsonBody(recordingAction) },
  responses: { 200: answer('The recording after it.', recordingView) },
});

/** Recordings of an app (features.md RC01-RC18, rest-api.md 1.8). */
export function recordings({ db, clock, settings, recordings }: ManagementServices) {
  const origin = (c: Context) => originOf(c.req.url, c.req.header('x-forwarded-proto'), settings.baseDomain);

  return resourceRouter()
    .openapi(list, async (c) => {
      const query = c.req.valid('query');
      const page = pageOf(query);
      const found = await findRecordings(db, c.var.appId, query, page, clock.now());
      const meetings = await meetingsOf(db, found.rows);
      const views = await recordings.views(found.rows, origin(c));
      const listed = views.map((view) => {
        const meeting = meetings.get(view.meeting_id as MeetingId);
        return { ...view, ...(meeting && { meeting: toMeetingListItem(meeting) }) };
      });
      return c.json(
        okPage(page, { rows: listed, total: found.total }, (one) => one),
        200,
      );
    })
    .openapi(start, async (c) => {
      const body = c.req.valid('json');
      const meeting = await getMeeting(db, c.var.appId, body.meeting_id.toLowerCase() as MeetingId);
      const row = await recordings.start({ meeting, by: BACKEND, ...settingsOf(body) });
      return c.json(ok(await recordings.view(row, origin(c))), 200);
    })
    .openapi(startTracks, async (c) => {
      const { meeting_id, ...call } = c.req.valid('json');
      const meeting = await getMeeting(db, c.var.appId, meeting_id.toLowerCase() as MeetingId);
      const row = await recordings.tracks.start(meeting, BACKEND, call);
      return c.json(ok({ recording: await recordings.view(row, origin(c)) }), 200);
    })
    .openapi(getActive, async (c) => {
      const { meeting_id } = c.req.valid('param');
      await requireMeeting(db, c.var.appId, meeting_id);
      return c.json(ok(await recordings.view(await recordings.getActive(meeting_id), origin(c))), 200);
    })
    .openapi(get, async (c) => {
      const row = await recordings.get(c.var.appId, c.req.valid('param').recording_id);
      return c.json(ok(await recordings.view(row, origin(c))), 200);
    })
    .openapi(control, async (c) => {
      const row = await recordings.get(c.var.appId, c.req.valid('param').recording_id);
      const changed = await recordings.control(row, BACKEND, c.req.valid('json').action);
      return c.json(ok(await recordings.view(changed, origin(c))), 200);
    });
}
