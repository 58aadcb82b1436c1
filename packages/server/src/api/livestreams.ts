import { createRoute, z } from '@hono/zod-openapi';
import { BACKEND } from '@parley/core';
import { type Page, pageOf, pagingOf, pagingQuery } from '../http/pagination.js';
import type { LivestreamId, LivestreamSessionId } from '../ids.js';
import { newStreamKey } from '../livestreams/keys.js';
import {
  changeLivestream,
  getActiveLivestream,
  getLivestream,
  getLivestreamOfMeeting,
  getLivestreamSession,
  getRunningSession,
  insertLivestream,
  type LivestreamRow,
} from '../livestreams/store.js';
import { toLivestreamSessionView, toLivestreamView } from '../livestreams/view.js';
import { type ManagementServices, resourceRouter } from './router.js';
import { findLivestreamSessions, findLivestreams } from './rows/livestreams.js';
import { getMeeting, requireMeeting } from './rows/meetings.js';
import { requireSession } from './rows/sessions.js';
import { answer, jsonBody, ok, okPage, pageAnswer } from './schemas/envelope.js';
import { anyId, meetingId, sessionId } from './schemas/ids.js';
import {
  activeLivestreamSession,
  livestreamList,
  livestreamSession,
  livestreamView,
  livestreamWithSessions,
  newLivestream,
  newMeetingLivestream,
} from './schemas/livestreams.js';

const ofLivestream = z.object({ livestream_id: anyId });
const ofMeeting = z.object({ meeting_id: meetingId });
const onePage = z.strictObject(pagingQuery);

const list = createRoute({
  method: 'get',
  path: '/livestreams',
  summary: 'List livestreams',
  request: { query: livestreamList },
  responses: { 200: pageAnswer('Livestreams.', livestreamView) },
});

const create = createRoute({
  method: 'post',
  path: '/livestreams',
  summary: 'Create a livestream of its own',
  request: { body: jsonBody(newLivestream) },
  responses: { 201: answer('The livestream, into which nobody sends yet.', livestreamView) },
});

const enable = createRoute({
  method: 'put',
  path: '/livestreams/{livestream_id}/enable',
  summary: 'Let a livestream be started and sent into again',
  request: { params: ofLivestream },
  responses: { 200: answer('The livestream.', livestreamView) },
});

const disable = createRoute({
  method: 'put',
  path: '/livestreams/{livestream_id}/disable',
  summary: 'End what runs of a livestream, and let nobody start it or send into it',
  request: { params: ofLivestream },
  responses: { 200: answer('The livestream.', livestreamView) },
});

const resetKey = createRoute({
  method: 'post',
  path: '/livestreams/{livestream_id}/reset-stream-key',
  summary: 'Give a livestream another stream key, and cut off who sends with the old one',
  request: { params: ofLivestream },
  responses: { 200: answer('The livestream with its new key.', livestreamView) },
});

const getOneSession = createRoute({
  method: 'get',
  path: '/livestreams/sessions/{livestream_session_id}',
  summary: 'Get a livestream session',
  request: { params: z.object({ livestream_session_id: anyId }) },
  responses: { 200: answer('The session.', livestreamSession) },
});

const get = createRoute({
  method: 'get',
  path: '/livestreams/{livestream_id}',
  summary: 'Get a livestream with its sessions',
  request: { params: ofLivestream, query: onePage },
  responses: { 200: answer('The livestream and a page of its sessions.', livestreamWithSessions) },
});

const getActiveSession = createRoute({
  method: 'get',
  path: '/livestreams/{livestream_id}/active-livestream-session',
  summary: 'Get the running session of a livestream',
  request: { params: ofLivestream },
  responses: { 200: answer('The livestream and its session.', activeLivestreamSession) },
});

const start = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/livestreams',
  summary: 'Livestream a meeting',
  request: { params: ofMeeting, body: jsonBody(newMeetingLivestream) },
  responses: { 201: answer('The livestream, on its way.', livestreamView) },
});

const stop = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/active-livestream/stop',
  summary: 'Stop the livestream of a meeting',
  request: { params: ofMeeting },
  responses: { 200: answer('It is stopped.', z.object({ message: z.string() })) },
});

const getActive = createRoute({
  method: 'get',
  path: '/meetings/{meeting_id}/active-livestream',
  summary: 'Get the running livestream of a meeting',
  request: { params: ofMeeting },
  responses: { 200: answer('The livestream.', livestreamView) },
});

const getOfMeeting = createRoute({
  method: 'get',
  path: '/meetings/{meeting_id}/livestream',
  summary: 'Get the livestream of a meeting with its sessions',
  request: { params: ofMeeting, query: onePage },
  responses: { 200: answer('The livestream and a page of its sessions.', livestreamWithSessions) },
});

const listOfSession = createRoute({
  method: 'get',
  path: '/sessions/{session_id}/livestream-sessions',
  summary: 'List the livestream sessions of a session',
  request: { params: z.object({ session_id: sessionId }), query: onePage },
  responses: { 200: pageAnswer('Livestream sessions.', livestreamSession) },
});

/** Livestreams of an app (features.md LS01, LS03, rest-api.md 1.9). */
export function livestreams(services: ManagementServices) {
  const { db, clock, ingest, livestreams } = services;
  const view = (row: LivestreamRow) => toLivestreamView(row, services);
  const withSessions = async (row: LivestreamRow, page: Page) => {
    const { rows, total } = await findLivestreamSessions(db, { livestreamId: row.id }, page);
    const sessions = rows.map((one) => toLivestreamSessionView(one, clock.now()));
    const paging = pagingOf(page, rows.length, total);
    return ok({ livestream: view(row), session: sessions[0] ?? null, sessions, paging });
  };

  return resourceRouter()
    .openapi(list, async (c) => {
      const query = c.req.valid('query');
      const page = pageOf(query);
      return c.json(okPage(page, await findLivestreams(db, c.var.appId, query, page), view), 200);
    })
    .openapi(create, async (c) => {
      livestreams.requireIngest();
      const { name = null } = c.req.valid('json');
      const row = { appId: c.var.appId, meetingId: null, name, manualIngest: true };
      return c.json(ok(view(await insertLivestream(services, row, clock.now()))), 201);
    })
    .openapi(enable, async (c) => {
      const id = c.req.valid('param').livestream_id as LivestreamId;
      return c.json(ok(view(await changeLivestream(services, c.var.appId, id, { disabled: false }))), 200);
    })
    .openapi(disable, async (c) => {
      const id = c.req.valid('param').livestream_id as LivestreamId;
      const row = await changeLivestream(services, c.var.appId, id, { disabled: true });
      ingest.cutOff(id);
      await livestreams.endDisabled(row);
      return c.json(ok(view(await getLivestream(db, c.var.appId, id))), 200);
    })
    .openapi(resetKey, async (c) => {
      const id = c.req.valid('param').livestream_id as LivestreamId;
      const row = await changeLivestream(services, c.var.appId, id, newStreamKey(services.secrets, id));
      ingest.cutOff(row.id);
      return c.json(ok(view(row)), 200);
    })
    .openapi(getOneSession, async (c) => {
      const id = c.req.valid('param').livestream_session_id as LivestreamSessionId;
      const row = await getLivestreamSession(db, c.var.appId, id);
      return c.json(ok(toLivestreamSessionView(row, clock.now())), 200);
    })
    .openapi(get, async (c) => {
      const id = c.req.valid('param').livestream_id as LivestreamId;
      const page = pageOf(c.req.valid('query'));
      return c.json(await withSessions(await getLivestream(db, c.var.appId, id), page), 200);
    })
    .openapi(getActiveSession, async (c) => {
      const id = c.req.valid('param').livestream_id as LivestreamId;
      const row = await getLivestream(db, c.var.appId, id);
      const session = toLivestreamSessionView(await getRunningSession(db, id), clock.now());
      const seconds = {
        ingest_seconds: String(session.ingest_seconds),
        viewer_seconds: String(session.viewer_seconds),
      };
      return c.json(ok({ livestream: view(row), session: { ...session, ...seconds } }), 200);
    })
    .openapi(start, async (c) => {
      const { manual_ingest: manualIngest = false, ...settings } = c.req.valid('json');
      const meeting = await getMeeting(db, c.var.appId, c.req.valid('param').meeting_id);
      const row = await livestreams.start({ meeting, by: BACKEND, settings, manualIngest });
      return c.json(ok(view(row)), 201);
    })
    .openapi(stop, async (c) => {
      const { meeting_id } = c.req.valid('param');
      await requireMeeting(db, c.var.appId, meeting_id);
      await livestreams.stop(meeting_id, BACKEND);
      return c.json(ok({ message: 'Stopped live stream successfully' }), 200);
    })
    .openapi(getActive, async (c) => {
      const { meeting_id } = c.req.valid('param');
      await requireMeeting(db, c.var.appId, meeting_id);
      return c.json(ok(view(await getActiveLivestream(db, meeting_id))), 200);
    })
    .openapi(getOfMeeting, async (c) => {
      const { meeting_id } = c.req.valid('param');
      await requireMeeting(db, c.var.appId, meeting_id);
      const page = pageOf(c.req.valid('query'));
      return c.json(await withSessions(await getLivestreamOfMeeting(db, meeting_id), page), 200);
    })
    .openapi(listOfSession, async (c) => {
      const { session_id } = c.req.valid('param');
      await requireSession(db, c.var.appId, session_id);
      const page = pageOf(c.req.valid('query'));
      const found = await findLivestreamSessions(db, { sessionId: session_id }, page);
      return c.json(
        okPage(page, found, (row) => toLivestreamSessionView(row, clock.now())),
        200,
      );
    });
}
