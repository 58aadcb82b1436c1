import { changeLivestream, type Livestream, type LivestreamChange } from '@parley/core';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.js';
import type { Settings } from '../config/settings.js';
import type { Database } from '../database/tables.js';
import type { LivestreamSessionId } from '../ids.js';
import { type EncoderPorts, ingestServer, playbackUrl } from '../livestreams/addresses.js';
import { openStreamKey } from '../livestreams/keys.js';
import { newLivestream } from '../livestreams/order.js';
import { type LivestreamRow, RUNNING } from '../livestreams/store.js';
import { writeLivestreams } from '../livestreams/write-livestreams.js';
import type { SecretBox } from '../storage/sealing.js';
import { type QueuedWebhookEvent, queueWebhooks } from '../webhooks/outbox.js';
import { ownLivestreamStatusUpdate } from '../webhooks/payloads.js';

export interface OwnRunsOptions {
  db: Kysely<Database>;
  clock: Clock;
  secrets: SecretBox;
  settings: EncoderPorts & Pick<Settings, 'webhookStreamKey'>;
  wakeWebhooks(): void;
}

/** Runs of livestreams of no meeting (features.md LS02): nobody but the encoder begins and ends them. */
export class OwnRuns {
  constructor(private readonly options: OwnRunsOptions) {}

  /** To be called when nobody sends into it. */
  async begin(row: LivestreamRow): Promise<LivestreamSessionId> {
    const { db, clock, settings, wakeWebhooks } = this.options;
    const at = clock.now();
    const livestream = newLivestream(row, {}, settings, true);
    const id = livestream.id as LivestreamSessionId;
    await db.transaction().execute(async (trx) => {
      await writeLivestreams(trx, [{ sessionId: null, write: { kind: 'invoked', at, livestream } }]);
      await queueWebhooks(trx, [this.#news(row, id, { status: 'INVOKED' })], at);
    });
    wakeWebhooks();
    return id;
  }

  /** @param at when it happened; now unless it is found out later. */
  async follow(
    id: LivestreamSessionId,
    change: LivestreamChange,
    at = this.options.clock.now(),
  ): Promise<'done' | 'unfit'> {
    const { db, wakeWebhooks } = this.options;
    const outcome = await db.transaction().execute(async (trx) => {
      const run = await trx
        .selectFrom('livestream_sessions')
        .select(['status', 'started_at', 'livestream_id'])
        .where('id', '=', id)
        .where('status', 'in', RUNNING)
        .forUpdate()
        .executeTakeFirst();
      const livestream = run && changeLivestream(stateOf(run.started_at), change, at.getTime());
      if (!livestream) return 'unfit';
      const livestreamId = run.livestream_id;
      const write = { kind: 'changed', at, id, livestreamId, livestream } as const;
      await writeLivestreams(trx, [{ sessionId: null, write }]);
      const row = await trx
        .selectFrom('livestreams')
        .selectAll()
        .where('id', '=', livestreamId)
        .executeTakeFirstOrThrow();
      await queueWebhooks(trx, [this.#news(row, id, livestream)], this.options.clock.now());
      return 'done';
    });
    wakeWebhooks();
    return outcome;
  }

  /** Those that an earlier server has left. */
  async leftovers(): Promise<LivestreamSessionId[]> {
    const rows = await this.options.db
      .selectFrom('livestream_sessions')
      .select('id')
      .where('session_id', 'is', null)
      .where('status', 'in', RUNNING)
      .execute();
    return rows.map(({ id }) => id);
  }

  #news(row: LivestreamRow, id: LivestreamSessionId, livestream: Livestream): QueuedWebhookEvent {
    const { secrets, settings } = this.options;
    return ownLivestreamStatusUpdate(row.app_id, id, {
      livestreamId: row.id,
      livestream,
      manualIngest: true,
      playbackUrl: playbackUrl(settings, row.playback_key),
      ingestServer: ingestServer(settings),
      streamKey: settings.webhookStreamKey ? openStreamKey(secrets, row.id, row.stream_key) : '',
    });
  }
}

/** It is never interrupted, so it has been live since its start. */
function stateOf(startedAt: Date | null): Livestream {
  if (!startedAt) return { status: 'INVOKED' };
  return { status: 'LIVE', startedAt: startedAt.getTime(), liveMs: 0, since: startedAt.getTime() };
}
