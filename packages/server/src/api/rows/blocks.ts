import type { Kysely } from 'kysely';
import type { Database } from '../../database/tables.js';
import { ApiError } from '../../http/errors.js';
import type { Page } from '../../http/pagination.js';
import type { BlockId, ParticipantId } from '../../ids.js';
import {
  type BlockedWho,
  type BlockRow,
  type BlockScope,
  holds,
  participantsIn,
} from '../../sessions/blocks.js';
import type { BlockView, NewBlock } from '../schemas/blocks.js';
import { isUuid } from '../schemas/ids.js';
import { fetchPage, type Rows } from './page.js';

export const toBlock = (row: BlockRow): BlockView => ({
  id: row.id,
  meeting_id: row.meeting_id,
  participant_id: row.participant_id,
  custom_participant_id: row.custom_participant_id,
  reason: row.reason,
  expires_at: row.expires_at?.toISOString() ?? null,
  created_at: row.created_at.toISOString(),
});

/** Throws 404 when the participant is none of the scope: a block that hits nobody would go unnoticed. */
export async function blockedWho(
  db: Kysely<Database>,
  scope: BlockScope,
  { participant_id: participantId, custom_participant_id: customParticipantId }: NewBlock,
): Promise<BlockedWho> {
  if (customParticipantId !== undefined) return { participantId: null, customParticipantId };
  const [known] = participantId ? await participantsIn(db, scope, [participantId]) : [];
  if (!known) throw ApiError.notFound('participant', participantId ?? '');
  return { participantId: known, customParticipantId: null };
}

/** Of a selection for a kick: every custom id, and the participants of the scope; others are passed over. */
export async function blockedOfSelection(
  db: Kysely<Database>,
  scope: BlockScope,
  selection: { participantIds: readonly string[]; customParticipantIds: readonly string[] },
): Promise<BlockedWho[]> {
  const ids = selection.participantIds.filter(isUuid).map((id) => id.toLowerCase() as ParticipantId);
  const known = await participantsIn(db, scope, ids);
  return [
    ...known.map((participantId) => ({ participantId, customParticipantId: null })),
    ...[...new Set(selection.customParticipantIds)].map((customParticipantId) => ({
      participantId: null,
      customParticipantId,
    })),
  ];
}

/** The blocks of exactly this scope that have not run out. */
const blocksOf = (db: Kysely<Database>, { appId, meetingId }: BlockScope, now: Date) =>
  db
    .selectFrom('blocks')
    .selectAll()
    .where('app_id', '=', appId)
    .where('meeting_id', 'is not distinct from', meetingId)
    .where(holds(now));

export async function findBlocks(
  db: Kysely<Database>,
  scope: BlockScope,
  page: Page,
  now: Date,
): Promise<Rows<BlockRow>> {
  return await fetchPage(blocksOf(db, scope, now).orderBy('created_at', 'desc').orderBy('id', 'desc'), page);
}

export async function getBlock(
  db: Kysely<Database>,
  scope: BlockScope,
  id: BlockId,
  now: Date,
): Promise<BlockRow> {
  const row = await blocksOf(db, scope, now).where('id', '=', id).executeTakeFirst();
  if (!row) throw ApiError.notFound('block', id);
  return row;
}

export async function deleteBlock(
  db: Kysely<Database>,
  scope: BlockScope,
  id: BlockId,
  now: Date,
): Promise<BlockRow> {
  const row = await db
    .deleteFrom('blocks')
    .where('app_id', '=', scope.appId)
    .where('meeting_id', 'is not distinct from', scope.meetingId)
    .where('id', '=', id)
    .where(holds(now))
    .returningAll()
    .executeTakeFirst();
  if (!row) throw ApiError.notFound('block', id);
  return row;
}
