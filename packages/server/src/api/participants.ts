import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ApiError } from '../http/errors.js';
import { pageOf } from '../http/pagination.js';
import type { MeetingId } from '../ids.js';
import { type AppScope, type ManagementServices, resourceRouter } from './router.js';
import {
  deleteParticipant,
  findParticipants,
  getParticipant,
  insertParticipant,
  isDeleted,
  type MeetingScope,
  type ParticipantRow,
  patchParticipant,
  toDeletedParticipant,
  toParticipant,
} from './rows/participants.js';
import { answer, jsonBody, ok, okPage, pageAnswer } from './schemas/envelope.js';
import { meetingId, participantId } from './schemas/ids.js';
import {
  deletedParticipant,
  freshToken,
  newParticipant,
  participantList,
  participantPatch,
  participantView,
  participantWithToken,
} from './schemas/participants.js';

const ofMeeting = z.object({ meeting_id: meetingId });
const ofParticipant = z.object({ meeting_id: meetingId, participant_id: participantId });

const list = createRoute({
  method: 'get',
  path: '/meetings/{meeting_id}/participants',
  summary: 'List the participants of a meeting',
  request: { params: ofMeeting, query: participantList },
  responses: { 200: pageAnswer('Participants, the newest first.', participantView) },
});

const add = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/participants',
  summary: 'Add a participant',
  request: { params: ofMeeting, body: jsonBody(newParticipant) },
  responses: { 201: answer('The participant with a token.', participantWithToken) },
});

const get = createRoute({
  method: 'get',
  path: '/meetings/{meeting_id}/participants/{participant_id}',
  summary: 'Get a participant',
  request: { params: ofParticipant },
  responses: { 200: answer('The participant.', participantView) },
});

const edit = createRoute({
  method: 'patch',
  path: '/meetings/{meeting_id}/participants/{participant_id}',
  summary: 'Change name, picture or preset of a participant',
  request: { params: ofParticipant, body: jsonBody(participantPatch) },
  responses: { 200: answer('The participant after the change, with a token.', participantWithToken) },
});

const remove = createRoute({
  method: 'delete',
  path: '/meetings/{meeting_id}/participants/{participant_id}',
  summary: 'Delete a participant, revoke its tokens and close its connections',
  request: { params: ofParticipant },
  responses: { 200: answer('The deleted participant.', deletedParticipant) },
});

const refreshToken = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/participants/{participant_id}/token',
  summary: 'Make a new token; older ones stay valid until they expire',
  request: { params: ofParticipant },
  responses: { 200: answer('The token.', freshToken) },
});

/** Participants of a meeting and their tokens (features.md C12-C19, SE01-SE03, P05). */
export function participants({ db, clock, sessions, participantTokens }: ManagementServices) {
  const scopeOf = (c: Context<AppScope>, meetingId: MeetingId): MeetingScope => ({
    appId: c.var.appId,
    meetingId,
  });
  const tokenFor = ({ appId }: MeetingScope, row: ParticipantRow) =>
    participantTokens.mint({
      orgId: appId,
      meetingId: row.meeting_id,
      participantId: row.id,
      presetId: row.preset_id,
    });
  const withToken = async (scope: MeetingScope, row: ParticipantRow) => ({
    ...toParticipant(row),
    token: await tokenFor(scope, row),
  });

  return resourceRouter()
    .openapi(list, async (c) => {
      const scope = scopeOf(c, c.req.valid('param').meeting_id);
      const page = pageOf(c.req.valid('query'));
      const found = await findParticipants(db, scope, page);
      return c.json(okPage(page, found, toParticipant), 200);
    })
    .openapi(add, async (c) => {
      const scope = scopeOf(c, c.req.valid('param').meeting_id);
      const row = await insertParticipant(db, scope, c.req.valid('json'), clock.now());
      return c.json(ok(await withToken(scope, row)), 201);
    })
    .openapi(get, async (c) => {
      const { meeting_id, participant_id } = c.req.valid('param');
      const row = await getParticipant(db, scopeOf(c, meeting_id), participant_id);
      return c.json(ok(toParticipant(row)), 200);
    })
    .openapi(edit, async (c) => {
      const { meeting_id, participant_id } = c.req.valid('param');
      const scope = scopeOf(c, meeting_id);
      const row = await patchParticipant(db, scope, participant_id, c.req.valid('json'), clock.now());
      return c.json(ok(await withToken(scope, row)), 200);
    })
    .openapi(remove, async (c) => {
      const { meeting_id, participant_id } = c.req.valid('param');
      const scope = scopeOf(c, meeting_id);
      const row = await deleteParticipant(db, scope, participant_id, clock.now());
      // Also for a repeated call, whose answer is 404: the first may have failed between the two steps.
      if (row || (await isDeleted(db, scope, participant_id))) {
        await sessions.participantDeleted(meeting_id, participant_id);
      }
      if (!row) throw ApiError.notFound('participant', participant_id);
      return c.json(ok(toDeletedParticipant(row)), 200);
    })
    .openapi(refreshToken, async (c) => {
      const { meeting_id, participant_id } = c.req.valid('param');
      const scope = scopeOf(c, meeting_id);
      const row = await getParticipant(db, scope, participant_id);
      return c.json(ok({ token: await tokenFor(scope, row) }), 200);
    });
}
