import { createRoute, z } from '@hono/zod-openapi';
import { ApiError } from '../http/errors.js';
import { pageOf } from '../http/pagination.js';
import { type ManagementServices, resourceRouter } from './router.js';
import {
  findMeetings,
  getMeeting,
  insertMeeting,
  patchMeeting,
  replaceMeeting,
  toMeeting,
  toMeetingListItem,
} from './rows/meetings.js';
import { answer, jsonBody, ok, okPage, pageAnswer } from './schemas/envelope.js';
import { meetingId } from './schemas/ids.js';
import { meetingList, meetingListItem, meetingPatch, meetingView, newMeeting } from './schemas/meetings.js';

const params = z.object({ meeting_id: meetingId });

const list = createRoute({
  method: 'get',
  path: '/meetings',
  summary: 'List meetings',
  request: { query: meetingList },
  responses: { 200: pageAnswer('Meetings, the newest first.', meetingListItem) },
});

const create = createRoute({
  method: 'post',
  path: '/meetings',
  summary: 'Create a meeting',
  request: { body: jsonBody(newMeeting) },
  responses: { 201: answer('The meeting; it is ACTIVE.', meetingView) },
});

const get = createRoute({
  method: 'get',
  path: '/meetings/{meeting_id}',
  summary: 'Get a meeting',
  // The reference names `name` without a purpose; it is taken and ignored (rest-api.md 1.2).
  request: { params, query: z.object({ name: z.unknown().optional().openapi({ type: 'string' }) }) },
  responses: { 200: answer('The meeting.', meetingView) },
});

const replace = createRoute({
  method: 'put',
  path: '/meetings/{meeting_id}',
  summary: 'Replace everything of a meeting but its status',
  request: { params, body: jsonBody(newMeeting) },
  responses: { 200: answer('The meeting.', meetingView) },
});

const update = createRoute({
  method: 'patch',
  path: '/meetings/{meeting_id}',
  summary: 'Change a meeting; INACTIVE keeps everyone out who is not in it',
  request: { params, body: jsonBody(meetingPatch) },
  responses: { 200: answer('The meeting after the change.', meetingView) },
});

/** Meetings of an app (features.md C05-C07, E21-E28). */
export function meetings({ db, clock, sessions, secrets }: ManagementServices) {
  const store = { db, secrets };
  return resourceRouter()
    .openapi(list, async (c) => {
      const filter = c.req.valid('query');
      const page = pageOf(filter);
      const found = await findMeetings(db, c.var.appId, filter, page);
      return c.json(okPage(page, found, toMeetingListItem), 200);
    })
    .openapi(create, async (c) => {
      const meeting = c.req.valid('json');
      const now = clock.now();
      if (meeting.ends_at && meeting.ends_at <= now) {
        throw ApiError.badRequest('ends_at', 'must be in the future');
      }
      const row = await insertMeeting(store, c.var.appId, meeting, now);
      return c.json(ok(toMeeting(row)), 201);
    })
    .openapi(get, async (c) => {
      const row = await getMeeting(db, c.var.appId, c.req.valid('param').meeting_id);
      return c.json(ok(toMeeting(row)), 200);
    })
    .openapi(replace, async (c) => {
      const id = c.req.valid('param').meeting_id;
      const row = await replaceMeeting(store, c.var.appId, id, c.req.valid('json'), clock.now());
      await sessions.meetingChanged(id);
      return c.json(ok(toMeeting(row)), 200);
    })
    .openapi(update, async (c) => {
      const id = c.req.valid('param').meeting_id;
      const patch = c.req.valid('json');
      const row = await patchMeeting(store, c.var.appId, id, patch, clock.now());
      await sessions.meetingChanged(id);
      if (patch.status === 'INACTIVE') await sessions.meetingDeactivated(c.var.appId, id);
      return c.json(ok(toMeeting(row)), 200);
    });
}
