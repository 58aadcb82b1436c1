import { createRoute, z } from '@hono/zod-openapi';
import { ApiError, NotAvailableError } from '../http/errors.js';
import { pageOf } from '../http/pagination.js';
import type { MeetingId } from '../ids.js';
import { type ManagementServices, resourceRouter } from './router.js';
import { requireMeeting } from './rows/meetings.js';
import { jsonBody, okPage, pageAnswer } from './schemas/envelope.js';
import { anyId, meetingId } from './schemas/ids.js';
import { newRecording, newTrackRecording, recordingAction, recordingList } from './schemas/recordings.js';

const ofRecording = z.object({ recording_id: anyId });

const list = createRoute({
  method: 'get',
  path: '/recordings',
  summary: 'List recordings',
  request: { query: recordingList },
  responses: { 200: pageAnswer('Recordings.', z.unknown()) },
});

const start = createRoute({
  method: 'post',
  path: '/recordings',
  summary: 'Record a meeting',
  request: { body: jsonBody(newRecording) },
  responses: {},
});

const startTracks = createRoute({
  method: 'post',
  path: '/recordings/track',
  summary: 'Record the tracks of a meeting',
  request: { body: jsonBody(newTrackRecording) },
  responses: {},
});

const getActive = createRoute({
  method: 'get',
  path: '/recordings/active-recording/{meeting_id}',
  summary: 'Get the running recording of a meeting',
  request: { params: z.object({ meeting_id: meetingId }) },
  responses: {},
});

const get = createRoute({
  method: 'get',
  path: '/recordings/{recording_id}',
  summary: 'Get a recording',
  request: { params: ofRecording },
  responses: {},
});

const control = createRoute({
  method: 'put',
  path: '/recordings/{recording_id}',
  summary: 'Stop, pause or resume a recording',
  request: { params: ofRecording, body: jsonBody(recordingAction) },
  responses: {},
});

/**
 * Recordings of an app. This server does not record yet: there are none to find, and starting one is refused
 * after the request was judged like any other.
 */
export function recordings({ db }: ManagementServices) {
  const refuseStart = async (appId: Parameters<typeof requireMeeting>[1], meeting: string) => {
    await requireMeeting(db, appId, meeting.toLowerCase() as MeetingId);
    throw new NotAvailableError('Recording is not available on this server yet');
  };
  const unknownRecording = (id: string): never => {
    throw ApiError.notFound('recording', id);
  };

  return resourceRouter()
    .openapi(list, (c) => {
      const page = pageOf(c.req.valid('query'));
      return c.json(okPage(page, { rows: [], total: 0 }, String), 200);
    })
    .openapi(start, (c) => refuseStart(c.var.appId, c.req.valid('json').meeting_id))
    .openapi(startTracks, (c) => refuseStart(c.var.appId, c.req.valid('json').meeting_id))
    .openapi(getActive, async (c) => {
      const { meeting_id } = c.req.valid('param');
      await requireMeeting(db, c.var.appId, meeting_id);
      throw new ApiError(404, `No active recording found for meeting_id ${meeting_id}`);
    })
    .openapi(get, (c) => unknownRecording(c.req.valid('param').recording_id))
    .openapi(control, (c) => unknownRecording(c.req.valid('param').recording_id));
}
