import type { Livestream, NewLivestream } from '@parley/core';
import type { Transaction } from 'kysely';
import type { Database } from '../database/tables.js';
import type { LivestreamId, LivestreamSessionId, SessionId } from '../ids.js';
import type { LivestreamOrder } from './order.js';

/** What a session's events mean for the rows of its livestream. */
export type LivestreamWrite =
  | { kind: 'invoked'; at: Date; livestream: NewLivestream }
  | {
      kind: 'changed';
      at: Date;
      id: LivestreamSessionId;
      livestreamId: LivestreamId;
      livestream: Livestream;
    };

/** In the order in which it happened: a livestream may be invoked and stopped within one group. */
export async function writeLivestreams(
  trx: Transaction<Database>,
  writes: readonly { sessionId: SessionId | null; write: LivestreamWrite }[],
): Promise<void> {
  for (const { sessionId, write } of writes) {
    if (write.kind === 'changed') {
      await trx
        .updateTable('livestream_sessions')
        .set({ ...columnsOf(write.livestream), updated_at: write.at })
        .where('id', '=', write.id)
        .execute();
      await trx
        .updateTable('livestreams')
        .set({ status: STATUS_OF_LIVESTREAM[write.livestream.status], updated_at: write.at })
        .where('id', '=', write.livestreamId)
        .execute();
      continue;
    }
    const { id, livestreamId, name, manualIngest, order } = write.livestream;
    await trx
      .insertInto('livestream_sessions')
      .values({
        id: id as LivestreamSessionId,
        livestream_id: livestreamId as LivestreamId,
        session_id: sessionId,
        livestreamer_id: (order as LivestreamOrder).livestreamerId,
        livestream_order: JSON.stringify(order),
        ...columnsOf({ status: 'INVOKED' }),
        invoked_at: write.at,
        updated_at: write.at,
      })
      .execute();
    await trx
      .updateTable('livestreams')
      .set({ status: 'INVOKED', name: name || null, manual_ingest: manualIngest, updated_at: write.at })
      .where('id', '=', livestreamId as LivestreamId)
      .execute();
  }
}

/** A livestream whose run is over waits for the next one. */
const STATUS_OF_LIVESTREAM = {
  INVOKED: 'INVOKED',
  LIVE: 'LIVE',
  INTERRUPTED: 'INVOKED',
  ENDED: 'IDLE',
  ERRORED: 'ERRORED',
} as const;

function columnsOf(livestream: Livestream) {
  const startedAt = livestream.status === 'INVOKED' ? null : livestream.startedAt;
  const stoppedAt = 'stoppedAt' in livestream ? livestream.stoppedAt : null;
  const timeOf = (at: number | null) => (at === null ? null : new Date(at));
  return {
    // One that has started and is invoked again goes on as soon as there is something new.
    status: livestream.status === 'INTERRUPTED' ? ('INVOKED' as const) : livestream.status,
    started_at: timeOf(startedAt),
    stopped_at: timeOf(stoppedAt),
    since: livestream.status === 'LIVE' ? timeOf(livestream.since) : null,
    ingest_ms: livestream.status === 'INVOKED' ? 0 : livestream.liveMs,
    error: livestream.status === 'ERRORED' ? JSON.stringify(livestream.error) : null,
  };
}
