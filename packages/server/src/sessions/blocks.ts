import type { ExpressionBuilder, Insertable, Kysely, Selectable } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Database } from '../database/tables.js';
import { ApiError } from '../http/errors.js';
import type { AppId, BlockId, MeetingId, ParticipantId } from '../ids.js';

/** Who is kept out: one participant, or everybody who carries the custom id, also those added later. */
export type BlockedWho =
  | { participantId: ParticipantId; customParticipantId: null }
  | { participantId: null; customParticipantId: string };

export interface BlockScope {
  appId: AppId;
  /** Null for the whole app. */
  meetingId: MeetingId | null;
}

export interface BlockTerms {
  reason: string | null;
  /** Null for good. */
  expiresAt: Date | null;
}

export type BlockRow = Selectable<Database['blocks']>;

/** The condition that a block has not run out. */
export const holds = (now: Date) => (eb: ExpressionBuilder<Database, 'blocks'>) =>
  eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]);

/** Writes blocks, all or none, and clears away those that have run out, so that the table does not only grow. */
export async function insertBlocks(
  db: Kysely<Database>,
  { appId, meetingId }: BlockScope,
  blocked: readonly BlockedWho[],
  { reason, expiresAt }: BlockTerms,
  now: Date,
): Promise<BlockRow[]> {
  await db.deleteFrom('blocks').where('expires_at', '<=', now).execute();
  if (blocked.length === 0) return [];
  const rows = blocked.map(
    ({ participantId, customParticipantId }): Insertable<Database['blocks']> => ({
      id: newId() as BlockId,
      app_id: appId,
      meeting_id: meetingId,
      participant_id: participantId,
      custom_participant_id: customParticipantId,
      reason,
      expires_at: expiresAt,
      created_at: now,
    }),
  );
  return await db.insertInto('blocks').values(rows).returningAll().execute();
}

/** Throws 403 `participant_blocked`, with the block that lasts longest, if one holds for the participant. */
export async function assertNotBlocked(
  db: Kysely<Database>,
  { appId, meetingIds }: { appId: AppId; meetingIds: readonly MeetingId[] },
  participant: { id: ParticipantId; customParticipantId: string },
  now: Date,
): Promise<void> {
  const block = await db
    .selectFrom('blocks')
    .select(['meeting_id', 'reason', 'expires_at'])
    .where('app_id', '=', appId)
    .where((eb) => eb.or([eb('meeting_id', 'is', null), eb('meeting_id', 'in', meetingIds)]))
    .where((eb) =>
      eb.or([
        eb('participant_id', '=', participant.id),
        eb('custom_participant_id', '=', participant.customParticipantId),
      ]),
    )
    .where(holds(now))
    .orderBy('expires_at', (order) => order.desc().nullsFirst())
    .limit(1)
    .executeTakeFirst();
  if (!block) return;
  const place = block.meeting_id === null ? 'the meetings of this app' : 'this meeting';
  const until = block.expires_at ? ` until ${block.expires_at.toISOString()}` : '';
  const why = block.reason === null ? '' : `: ${block.reason}`;
  const sentence = `The participant is blocked from ${place}${until}${why}`;
  throw new ApiError(403, sentence, undefined, 'participant_blocked');
}

/** Those of the app's participants `ids` whose custom id is one of `customIds`. */
export async function withCustomId(
  db: Kysely<Database>,
  appId: AppId,
  ids: readonly ParticipantId[],
  customIds: readonly string[],
): Promise<ParticipantId[]> {
  if (ids.length === 0 || customIds.length === 0) return [];
  const rows = await db
    .selectFrom('participants')
    .innerJoin('meetings', 'meetings.id', 'participants.meeting_id')
    .select('participants.id')
    .where('meetings.app_id', '=', appId)
    .where('participants.id', 'in', ids)
    .where('participants.custom_participant_id', 'in', customIds)
    .execute();
  return rows.map((row) => row.id);
}

/** Those of `ids` that are participants of the scope, deleted ones included. */
export async function participantsIn(
  db: Kysely<Database>,
  { appId, meetingId }: BlockScope,
  ids: readonly ParticipantId[],
): Promise<ParticipantId[]> {
  if (ids.length === 0) return [];
  let query = db
    .selectFrom('participants')
    .innerJoin('meetings', 'meetings.id', 'participants.meeting_id')
    .select('participants.id')
    .where('meetings.app_id', '=', appId)
    .where('participants.id', 'in', ids);
  if (meetingId !== null) query = query.where('meetings.id', '=', meetingId);
  return (await query.execute()).map((row) => row.id);
}
