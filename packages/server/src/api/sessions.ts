import { createRoute, z } from '@hono/zod-openapi';
import { requireChat } from '../files/chat-export.js';
import { originOf } from '../files/links.js';
import { ApiError, NotAvailableError } from '../http/errors.js';
import { pageOf, paging, pagingOf } from '../http/pagination.js';
import type { SessionId } from '../ids.js';
import { type ManagementServices, resourceRouter } from './router.js';
import {
  findPeerEvents,
  findSessionPeers,
  getPeer,
  getSessionPeer,
  type SessionPeerRow,
  toSessionPeer,
} from './rows/session-peers.js';
import { findRoomSessions, findSessions, getSession, requireSession, toSession } from './rows/sessions.js';
import { answer, ok, success } from './schemas/envelope.js';
import { anyId, peerId, sessionId } from './schemas/ids.js';
import {
  chatDownload,
  peerDetails,
  peerList,
  peerReport,
  sessionDetails,
  sessionList,
  sessionPeers,
  sessionPeerView,
  sessionUnion,
  sessionView,
  transcriptFormat,
} from './schemas/sessions.js';

/** How long an address of a chat export works; the next call gives a new one (features.md H17). */
const EXPORT_LINK_MS = 60 * 60_000;

const params = z.object({ session_id: sessionId });

const list = createRoute({
  method: 'get',
  path: '/sessions',
  summary: 'List live and ended sessions',
  request: { query: sessionList },
  responses: {
    200: {
      description: 'Sessions, the newest first unless asked otherwise.',
      content: {
        'application/json': {
          schema: success(z.object({ sessions: z.array(sessionView) })).extend({ paging }),
        },
      },
    },
  },
});

const get = createRoute({
  method: 'get',
  path: '/sessions/{session_id}',
  summary: 'Get a session',
  request: { params, query: sessionDetails },
  responses: { 200: answer('The session, once directly and once under `session`.', sessionUnion) },
});

const listPeers = createRoute({
  method: 'get',
  path: '/sessions/{session_id}/participants',
  summary: 'List who was in a session, one row for each connection',
  request: { params, query: peerList },
  responses: {
    200: {
      description: 'Connections, the first to join first unless asked otherwise.',
      content: { 'application/json': { schema: success(sessionPeers).extend({ paging }) } },
    },
  },
});

const getParticipantOfSession = createRoute({
  method: 'get',
  path: '/sessions/{session_id}/participants/{participant_id}',
  summary: 'Get a connection by its peer id or its participant id',
  request: { params: params.extend({ participant_id: anyId }), query: peerDetails },
  responses: { 200: answer('The connection.', z.object({ participant: sessionPeerView })) },
});

const getReport = createRoute({
  method: 'get',
  path: '/sessions/peer-report/{peer_id}',
  summary: 'Get a connection and its report by peer id',
  request: { params: z.object({ peer_id: peerId }), query: peerDetails },
  responses: { 200: answer('The connection; its report is empty.', z.object({ participant: peerReport })) },
});

const getChat = createRoute({
  method: 'get',
  path: '/sessions/{session_id}/chat',
  summary: 'Get the address of the chat of a session',
  request: { params, query: z.strictObject({}) },
  responses: { 200: answer('Where the chat can be loaded from as CSV, and until when.', chatDownload) },
});

/** Files that would be made after a session (features.md A07, A13): no engine for speech is there that makes them. */
const getFile = (path: 'summary' | 'transcript') =>
  createRoute({
    method: 'get',
    path: `/sessions/{session_id}/${path}`,
    summary: `Get the address of the ${path} of a session`,
    request: { params, query: z.strictObject(path === 'transcript' ? { format: transcriptFormat } : {}) },
    responses: {},
  });

const makeSummary = createRoute({
  method: 'post',
  path: '/sessions/{session_id}/summary',
  summary: 'Make a summary',
  request: { params },
  responses: {},
});

/** Sessions of an app, live and ended (features.md L06-L08, RE06, RE07, SR02-SR04). */
export function sessions({ db, clock, settings, links }: ManagementServices) {
  const shown = async (row: SessionPeerRow, withEvents: boolean | undefined) => {
    if (!withEvents) return toSessionPeer(row);
    const events = await findPeerEvents(db, row.session_id, [row.peer_id]);
    return toSessionPeer(row, events.get(row.peer_id));
  };
  const refuseMissingFile = async (
    appId: Parameters<typeof requireSession>[1],
    id: SessionId,
    file: string,
  ) => {
    await requireSession(db, appId, id);
    throw new ApiError(
      404,
      `No ${file} found for session_id ${id}: this server has no engine that makes one`,
    );
  };

  return resourceRouter()
    .openapi(list, async (c) => {
      const filter = c.req.valid('query');
      const page = pageOf(filter);
      const { rows, total } = await findSessions(db, c.var.appId, filter, page, clock.now());
      const data = { sessions: rows.map(toSession) };
      return c.json({ ...ok(data), paging: pagingOf(page, rows.length, total) }, 200);
    })
    .openapi(getReport, async (c) => {
      const row = await getPeer(db, c.var.appId, c.req.valid('param').peer_id, clock.now());
      const participant = {
        ...(await shown(row, c.req.valid('query').include_peer_events)),
        session_id: row.session_id,
        role: row.preset_name,
        peer_report: { metadata: {}, quality: {} },
      };
      return c.json(ok({ participant }), 200);
    })
    .openapi(get, async (c) => {
      const { session_id } = c.req.valid('param');
      const row = await getSession(db, c.var.appId, session_id, clock.now());
      const rooms = c.req.valid('query').include_breakout_rooms
        ? await findRoomSessions(db, c.var.appId, session_id, clock.now())
        : null;
      const session = { ...toSession(row), ...(rooms && { breakout_rooms: rooms.map(toSession) }) };
      return c.json(ok({ ...session, session }), 200);
    })
    .openapi(listPeers, async (c) => {
      const { session_id } = c.req.valid('param');
      const filter = c.req.valid('query');
      const page = pageOf(filter);
      await requireSession(db, c.var.appId, session_id);
      const { rows, total } = await findSessionPeers(db, session_id, filter, page, clock.now());
      const events = filter.include_peer_events
        ? await findPeerEvents(
            db,
            session_id,
            rows.map((row) => row.peer_id),
          )
        : undefined;
      const participants = rows.map((row) => toSessionPeer(row, events?.get(row.peer_id)));
      const paging = pagingOf(page, rows.length, total);
      return c.json({ ...ok({ participants, paging }), paging }, 200);
    })
    .openapi(getParticipantOfSession, async (c) => {
      const { session_id, participant_id } = c.req.valid('param');
      await requireSession(db, c.var.appId, session_id);
      const row = await getSessionPeer(db, session_id, participant_id, clock.now());
      return c.json(ok({ participant: await shown(row, c.req.valid('query').include_peer_events) }), 200);
    })
    .openapi(getChat, async (c) => {
      const { session_id } = c.req.valid('param');
      await requireSession(db, c.var.appId, session_id);
      await requireChat(db, session_id);
      const origin = originOf(c.req.url, c.req.header('x-forwarded-proto'), settings.baseDomain);
      const expiresAt = new Date(clock.now().getTime() + EXPORT_LINK_MS);
      const link = links.make(origin, 'chat-export', session_id, expiresAt);
      const data = {
        chat_download_url: link.url,
        chat_download_url_expiry: link.expiresAt.toISOString(),
      };
      return c.json(ok(data), 200);
    })
    .openapi(getFile('transcript'), (c) =>
      refuseMissingFile(c.var.appId, c.req.valid('param').session_id, 'transcript'),
    )
    .openapi(getFile('summary'), (c) =>
      refuseMissingFile(c.var.appId, c.req.valid('param').session_id, 'summary'),
    )
    .openapi(makeSummary, async (c) => {
      await requireSession(db, c.var.appId, c.req.valid('param').session_id);
      throw new NotAvailableError('This server has no engine that makes summaries');
    });
}
