import { type Kysely, sql } from 'kysely';
import type { Database } from '../database/tables.js';
import { NotAvailableError } from '../http/errors.js';

/** Throws NotAvailableError when as many recorders work, for recordings and for livestreams, as may. */
export async function requireFreeRecorder(db: Kysely<Database>, recordersMax: number): Promise<void> {
  const { rows } = await sql<{ running: number }>`
    select (
      (select count(*) from recordings
        where type = 'BROWSER' and status in ('INVOKED', 'RECORDING', 'PAUSED')) +
      (select count(*) from livestream_sessions
        where livestreamer_id is not null and status in ('INVOKED', 'LIVE'))
    )::int as running
  `.execute(db);
  if (rows[0]!.running >= recordersMax) {
    throw new NotAvailableError(`No recorder is free: PARLEY_RECORDERS_MAX is ${recordersMax}`);
  }
}
