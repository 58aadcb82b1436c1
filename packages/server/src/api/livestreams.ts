import { createRoute, z } from '@hono/zod-openapi';
import { ApiError, NotAvailableError } from '../http/errors.js';
import { pageOf, pagingQuery } from '../http/pagination.js';
import type { AppId, MeetingId } from '../ids.js';
import { type ManagementServices, resourceRouter } from './router.js';
import { requireMeeting } from './rows/meetings.js';
import { jsonBody, okPage, pageAnswer } from './schemas/envelope.js';
import { anyId, meetingId } from './schemas/ids.js';
import { livestreamList, newLivestream, newMeetingLivestream } from './schemas/livestreams.js';

const ofLivestream = z.object({ livestream_id: anyId });
const ofMeeting = z.object({ meeting_id: meetingId });
const onePage = z.strictObject(pagingQuery);

const list = createRoute({
  method: 'get',
  path: '/livestreams',
  summary: 'List livestreams',
  request: { query: livestreamList },
  responses: { 200: pageAnswer('Livestreams.', z.unknown()) },
});

const create = createRoute({
  method: 'post',
  path: '/livestreams',
  summary: 'Create a livestream of its own',
  request: { body: jsonBody(newLivestream) },
  responses: {},
});

const getSession = createRoute({
  method: 'get',
  path: '/livestreams/sessions/{livestream_session_id}',
  summary: 'Get a livestream session',
  request: { params: z.object({ livestream_session_id: anyId }) },
  responses: {},
});

const get = createRoute({
  method: 'get',
  path: '/livestreams/{livestream_id}',
  summary: 'Get a livestream with its sessions',
  request: { params: ofLivestream, query: onePage },
  responses: {},
});

const getActiveSession = createRoute({
  method: 'get',
  path: '/livestreams/{livestream_id}/active-livestream-session',
  summary: 'Get the running session of a livestream',
  request: { params: ofLivestream },
  responses: {},
});

const start = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/livestreams',
  summary: 'Livestream a meeting',
  request: { params: ofMeeting, body: jsonBody(newMeetingLivestream) },
  responses: {},
});

const stop = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/active-livestream/stop',
  summary: 'Stop the livestream of a meeting',
  request: { params: ofMeeting },
  responses: {},
});

const getActive = createRoute({
  method: 'get',
  path: '/meetings/{meeting_id}/active-livestream',
  summary: 'Get the running livestream of a meeting',
  request: { params: ofMeeting },
  responses: {},
});

const getOfMeeting = createRoute({
  method: 'get',
  path: '/meetings/{meeting_id}/livestream',
  summary: 'Get the livestream of a meeting with its sessions',
  request: { params: ofMeeting, query: onePage },
  responses: {},
});

/**
 * Livestreams of an app. This server does not stream yet: there are none to find, and starting one is refused
 * after the request was judged like any other.
 */
export function livestreams({ db }: ManagementServices) {
  const notAvailable = () => new NotAvailableError('Livestreaming is not available on this server yet');
  const unknownLivestream = (id: string): never => {
    throw ApiError.notFound('livestream', id);
  };
  const noLivestreamOf = async (appId: AppId, meeting: MeetingId) => {
    await requireMeeting(db, appId, meeting);
    throw new ApiError(404, `No livestream found for meeting_id ${meeting}`);
  };

  return resourceRouter()
    .openapi(list, (c) => {
      const page = pageOf(c.req.valid('query'));
      return c.json(okPage(page, { rows: [], total: 0 }, String), 200);
    })
    .openapi(create, () => {
      throw notAvailable();
    })
    .openapi(getSession, (c) => unknownLivestream(c.req.valid('param').livestream_session_id))
    .openapi(get, (c) => unknownLivestream(c.req.valid('param').livestream_id))
    .openapi(getActiveSession, (c) => unknownLivestream(c.req.valid('param').livestream_id))
    .openapi(start, async (c) => {
      await requireMeeting(db, c.var.appId, c.req.valid('param').meeting_id);
      throw notAvailable();
    })
    .openapi(stop, (c) => noLivestreamOf(c.var.appId, c.req.valid('param').meeting_id))
    .openapi(getActive, (c) => noLivestreamOf(c.var.appId, c.req.valid('param').meeting_id))
    .openapi(getOfMeeting, (c) => noLivestreamOf(c.var.appId, c.req.valid('param').meeting_id));
}
