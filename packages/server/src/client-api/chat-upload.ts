import { permissionsIn } from '@parley/core';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Files } from '../files/files.js';
import { originOf } from '../files/links.js';
import { ApiError } from '../http/errors.js';
import { isStorableText } from '../http/json-body.js';
import type { PeerId } from '../ids.js';
import type { Services } from '../services.js';
import type { LiveMeetings } from '../sessions/live-meetings.js';
import { type Admission, identityOf, otherMeeting } from '../sessions/meeting-info.js';
import type { AsParticipant } from './participant-only.js';

const BODY_MAX_BYTES = 16 * 1024;
const FILENAME_MAX_CHARACTERS = 255;

const uploadBody = z.object({
  roomUUID: z.string(),
  filename: z.string().min(1).max(FILENAME_MAX_CHARACTERS).refine(isStorableText),
  /** Seconds (rest-api.md, open question 33). */
  expiry: z.number().positive().nullish(),
});

export interface ChatUploadOptions extends Services {
  files: Files;
  meetings: LiveMeetings;
}

/**
 * `POST /v2/meetings/chat-upload`: two links, one to put a file and one to get it (features.md H13, rest-api.md
 * 3.5). Refuses with 403 `files_forbidden` who may not send files at this moment, and `other_meeting`.
 */
export function chatUpload({ settings, files, meetings }: ChatUploadOptions): Hono<AsParticipant> {
  const app = new Hono<AsParticipant>();
  app.post('/v2/meetings/chat-upload', async (c) => {
    const { admission } = c.var;
    const { roomUUID, filename, expiry } = readBody(await readText(c.req.raw));
    if (roomUUID !== admission.meeting.meetingId) throw otherMeeting('roomUUID');
    if (!(await maySendFiles(meetings, admission))) {
      throw new ApiError(403, 'The preset does not allow files in chat', undefined, 'files_forbidden');
    }
    const { put, get } = await files.chatFiles.prepare({
      meetingId: admission.meeting.meetingId,
      participantId: admission.participant.id,
      persistChat: admission.meeting.persistChat,
      filename,
      expirySeconds: expiry ?? undefined,
      origin: originOf(c.req.url, c.req.header('x-forwarded-proto'), settings.baseDomain),
    });
    return c.json({ success: true, data: { get_location: get.url, put_location: put.url } });
  });
  return app;
}

/** With what hosts have changed in the live session (features.md R36). To whom the file goes is not known yet. */
async function maySendFiles(meetings: LiveMeetings, admission: Admission): Promise<boolean> {
  const host = await meetings.find(admission.meeting.meetingId);
  const who = identityOf(admission, '' as PeerId, '');
  const { chat } = permissionsIn(host?.state.session ?? null, who);
  return [chat.public, chat.private].some((rights) => rights.can_send && rights.files);
}

async function readText(request: Request): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of request.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > BODY_MAX_BYTES) throw ApiError.badRequest('body', 'is too long');
  }
  return text;
}

function readBody(text: string): z.infer<typeof uploadBody> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw ApiError.badRequest('body', 'must be valid JSON');
  }
  const parsed = uploadBody.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw ApiError.badRequest(issue?.path.join('.') || 'body', 'is not valid');
}
