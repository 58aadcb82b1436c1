import { createRoute, z } from '@hono/zod-openapi';
import { insertBlocks } from '../sessions/blocks.js';
import type { AffectedParticipant } from '../sessions/control.js';
import { type ManagementServices, resourceRouter } from './router.js';
import { blockedOfSelection } from './rows/blocks.js';
import { requireMeeting } from './rows/meetings.js';
import { getActiveSession, toSession } from './rows/sessions.js';
import {
  type AffectedParticipantView,
  affectedParticipants,
  createdPoll,
  kickBody,
  kickedAll,
  muteAllBody,
  mutedAll,
  newPoll,
  selection,
  transcriptLine,
  transcriptTold,
} from './schemas/active-session.js';
import { answer, jsonBody, ok } from './schemas/envelope.js';
import { meetingId } from './schemas/ids.js';
import { sessionView } from './schemas/sessions.js';

/** Values of `data.action`; the reference names none (features.md K15, OQ02). */
const ACTION = {
  kick: 'kick',
  kickAll: 'kick_all',
  mute: 'mute',
  muteAll: 'mute_all',
  poll: 'poll',
  transcript: 'transcript',
} as const;

const params = z.object({ meeting_id: meetingId });

const get = createRoute({
  method: 'get',
  path: '/meetings/{meeting_id}/active-session',
  summary: 'Get the live session of a meeting',
  request: { params },
  responses: { 200: answer('The session.', sessionView) },
});

const kick = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/active-session/kick',
  summary: 'Remove participants with all their connections; with "block", for good',
  request: { params, body: jsonBody(kickBody) },
  responses: { 200: answer('The removed participants.', affectedParticipants) },
});

const kickAll = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/active-session/kick-all',
  summary: 'Remove everybody and end the session',
  request: { params },
  responses: { 200: answer('How many connections were removed.', kickedAll) },
});

const mute = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/active-session/mute',
  summary: 'Mute participants',
  request: { params, body: jsonBody(selection) },
  responses: { 200: answer('The muted participants.', affectedParticipants) },
});

const muteAll = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/active-session/mute-all',
  summary: 'Mute everybody',
  request: { params, body: jsonBody(muteAllBody) },
  responses: { 200: answer('How many participants were muted.', mutedAll) },
});

const poll = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/active-session/poll',
  summary: 'Create a poll in the live session',
  request: { params, body: jsonBody(newPoll) },
  responses: { 201: answer('The poll without votes.', createdPoll) },
});

const transcript = createRoute({
  method: 'post',
  path: '/meetings/{meeting_id}/active-session/transcript',
  summary: 'Show everybody what a participant has said',
  request: { params, body: jsonBody(transcriptLine) },
  responses: { 200: answer('It was sent to all who are in.', transcriptTold) },
});

const toAffected = ({ id, name, picture, ...row }: AffectedParticipant): AffectedParticipantView => ({
  id,
  ...(name !== null && { name }),
  ...(picture !== null && { picture }),
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

/** What a backend may do to the live session of a meeting (features.md K01-K28, E13-E16, X04-X09). */
export function activeSession({ db, clock, sessions }: ManagementServices) {
  return resourceRouter()
    .openapi(get, async (c) => {
      const { meeting_id } = c.req.valid('param');
      const row = await getActiveSession(db, c.var.appId, meeting_id, clock.now());
      return c.json(ok(toSession(row)), 200);
    })
    .openapi(kick, async (c) => {
      const { meeting_id } = c.req.valid('param');
      const body = c.req.valid('json');
      const who = { participantIds: body.participant_ids, customParticipantIds: body.custom_participant_ids };
      await requireMeeting(db, c.var.appId, meeting_id);
      const kicked = body.block
        ? await sessions.kickForGood(meeting_id, who, async () => {
            const scope = { appId: c.var.appId, meetingId: meeting_id };
            const blocked = await blockedOfSelection(db, scope, who);
            const terms = { reason: body.block_reason ?? null, expiresAt: null };
            await insertBlocks(db, scope, blocked, terms, clock.now());
            await sessions.participantsBlocked(scope, blocked);
          })
        : await sessions.kick(meeting_id, who);
      return c.json(ok({ action: ACTION.kick, participants: kicked.map(toAffected) }), 200);
    })
    .openapi(kickAll, async (c) => {
      const { meeting_id } = c.req.valid('param');
      await requireMeeting(db, c.var.appId, meeting_id);
      const kicked_participants_count = await sessions.kickAll(meeting_id);
      return c.json(ok({ action: ACTION.kickAll, kicked_participants_count }), 200);
    })
    .openapi(mute, async (c) => {
      const { meeting_id } = c.req.valid('param');
      const { participant_ids: participantIds, custom_participant_ids: customParticipantIds } =
        c.req.valid('json');
      await requireMeeting(db, c.var.appId, meeting_id);
      const muted = await sessions.mute(meeting_id, { participantIds, customParticipantIds });
      return c.json(ok({ action: ACTION.mute, participants: muted.map(toAffected) }), 200);
    })
    .openapi(muteAll, async (c) => {
      const { meeting_id } = c.req.valid('param');
      await requireMeeting(db, c.var.appId, meeting_id);
      const muted_participants_count = await sessions.muteAll(meeting_id, c.req.valid('json').allow_unmute);
      return c.json(ok({ action: ACTION.muteAll, muted_participants_count }), 200);
    })
    .openapi(poll, async (c) => {
      const { meeting_id } = c.req.valid('param');
      await requireMeeting(db, c.var.appId, meeting_id);
      const created = await sessions.createPoll(meeting_id, c.req.valid('json'));
      return c.json(ok({ action: ACTION.poll, poll: created }), 201);
    })
    .openapi(transcript, async (c) => {
      const { meeting_id } = c.req.valid('param');
      const { participant_id: participantId, text, is_partial: isPartial } = c.req.valid('json');
      await requireMeeting(db, c.var.appId, meeting_id);
      await sessions.transcribe(meeting_id, { participantId, text, isPartial });
      return c.json(ok({ action: ACTION.transcript }), 200);
    });
}
