import type { Context } from 'hono';
import { v7 as uuidv7 } from 'uuid';
import { ApiError } from '../http/errors.js';
import type { MeetingId, ParticipantId } from '../ids.js';
import type { Services } from '../services.js';

type DemoServices = Pick<Services, 'settings' | 'db' | 'clock' | 'participantTokens'>;

/** Who the link lets in; each is one participant per meeting, however often the link is opened. */
const DEMO_ROLES = {
  host: { name: 'Demo host', preset: 'group_call_host' },
  guest: { name: 'Demo guest', preset: 'group_call_participant' },
} as const;

const LOCAL_NAME = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;
const LISTENS_LOCALLY = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * `GET /meet/<meeting id>/demo?as=host|guest`: a way in without a token, for trying things out on one's own
 * machine. Anyone who reaches it may join, so it exists only on a server that listens on loopback, and only
 * under a local name, which keeps other web sites from reaching it through a name of theirs.
 */
export function demoLink(services: DemoServices): (context: Context) => Promise<Response> {
  return async (context) => {
    const meetingId = context.req.param('meetingId') as MeetingId;
    if (!isLocal(services.settings.host, context.req.header('host')) || !UUID.test(meetingId)) {
      throw ApiError.notFound('meeting', meetingId);
    }
    const role = context.req.query('as') ?? 'guest';
    if (role !== 'host' && role !== 'guest') throw ApiError.badRequest('as', 'must be one of [host, guest]');

    const token = await demoToken(services, meetingId, role);
    return context.redirect(`/meet?authToken=${token}`, 303);
  };
}

function isLocal(listenAddress: string, requestHost: string | undefined): boolean {
  return LISTENS_LOCALLY.test(listenAddress) && LOCAL_NAME.test(requestHost ?? '');
}

async function demoToken(
  { db, clock, participantTokens }: DemoServices,
  meetingId: MeetingId,
  role: keyof typeof DEMO_ROLES,
): Promise<string> {
  const { name, preset: presetName } = DEMO_ROLES[role];
  const customId = `demo-${role}`;
  const preset = await db
    .selectFrom('meetings')
    .innerJoin('presets', 'presets.app_id', 'meetings.app_id')
    .select(['meetings.app_id', 'presets.id'])
    .where('meetings.id', '=', meetingId)
    .where('presets.name', '=', presetName)
    .executeTakeFirst();
  if (!preset) throw ApiError.notFound('meeting', meetingId);

  const known = await db
    .selectFrom('participants')
    .select(['id', 'preset_id'])
    .where('meeting_id', '=', meetingId)
    .where('custom_participant_id', '=', customId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  const participant = known ?? { id: uuidv7() as ParticipantId, preset_id: preset.id };
  if (!known) {
    const now = clock.now();
    await db
      .insertInto('participants')
      .values({
        ...participant,
        meeting_id: meetingId,
        custom_participant_id: customId,
        name,
        created_at: now,
        updated_at: now,
      })
      .execute();
  }
  return participantTokens.mint({
    orgId: preset.app_id,
    meetingId,
    participantId: participant.id,
    presetId: participant.preset_id,
  });
}
