import { type Kysely, sql, type Transaction } from 'kysely';
import { v7 as uuid } from 'uuid';
import type { Database } from '../database/tables.js';
import type { SessionId } from '../ids.js';
import { writeLivestreams } from '../livestreams/write-livestreams.js';
import { writeCues } from '../recordings/cues.js';
import { writeRecordings } from '../recordings/write-recordings.js';
import { type QueuedWebhookEvent, queueWebhooks } from '../webhooks/outbox.js';
import { chatSynced } from '../webhooks/payloads.js';
import { type Changes, type WebhookSources, webhookSession } from './changes.js';
import { writePlaces } from './connected/places.js';
import { noteChatOfEnded, writeChat } from './write-chat.js';

/** The session's log has entries that this server did not write: it has lost the session. */
export class SessionTakenError extends Error {
  constructor() {
    super('Another writer has changed the session.');
    this.name = 'SessionTakenError';
  }
}

/**
 * Writes log, tables and outbox for a group of sessions in the given transaction. A constant number of statements,
 * however many sessions, peers and events there are.
 */
export async function writeChanges(
  trx: Transaction<Database>,
  group: Changes[],
  sources: WebhookSources,
): Promise<void> {
  await insertStarted(trx, group);
  await updateSessions(trx, group);
  await insertLog(trx, group);
  await insertJoined(trx, group);
  await updateLeft(trx, group);
  await writePlaces(trx, group);
  await insertPeerEvents(trx, group);
  await closeEnded(trx, group);
  await writeChat(trx, group);
  await writeRecordings(
    trx,
    group.flatMap(({ record, recordings }) => recordings.map((write) => ({ session: record, write }))),
  );
  await writeCues(
    trx,
    group.flatMap(({ cues }) => cues),
  );
  await writeLivestreams(
    trx,
    group.flatMap(({ record, livestreams }) =>
      livestreams.map((write) => ({ sessionId: record.sessionId, write })),
    ),
  );
  const withChat = await noteChatOfEnded(trx, group);
  await writeWebhooks(trx, group, (changes) => webhooksOf(changes, withChat, sources));
}

/** The sessions of the group whose changes are in the database already. */
export async function writtenAlready(db: Kysely<Database>, group: Changes[]): Promise<Set<SessionId>> {
  const ids = group.map((changes) => changes.record.sessionId);
  const rows = await db.selectFrom('sessions').select(['id', 'last_seq']).where('id', 'in', ids).execute();
  const lastSeq = new Map(rows.map((row) => [row.id, Number(row.last_seq)]));
  const written = group.filter(({ record }) => lastSeq.get(record.sessionId) === record.lastSeq);
  return new Set(written.map((changes) => changes.record.sessionId));
}

async function insertStarted(trx: Transaction<Database>, group: Changes[]): Promise<void> {
  const started = group.filter((changes) => changes.started);
  if (started.length === 0) return;
  await trx
    .insertInto('sessions')
    .values(
      started.map(({ record }) => ({
        id: record.sessionId,
        app_id: record.appId,
        meeting_id: record.meetingId,
        parent_session_id: record.parentSessionId,
        title: record.title,
        status: 'LIVE' as const,
        live_participants: 0,
        max_concurrent_participants: 0,
        minutes_consumed: 0,
        keep_alive_secs: record.keepAliveSecs,
        last_seq: 0,
        started_at: record.startedAt,
        created_at: record.startedAt,
        updated_at: record.startedAt,
      })),
    )
    .execute();
}

/** The guard: a session is changed only by who knows the number of its last event. */
async function updateSessions(trx: Transaction<Database>, group: Changes[]): Promise<void> {
  const { numAffectedRows } = await sql`
    update sessions set
      last_seq = changed.last_seq,
      live_participants = changed.live,
      max_concurrent_participants = changed.peak,
      minutes_consumed = changed.minutes,
      status = case when changed.ended_at is null then 'LIVE' else 'ENDED' end,
      end_reason = changed.end_reason,
      ended_at = changed.ended_at,
      updated_at = changed.at
    from unnest(
      ${group.map(({ record }) => record.sessionId)}::uuid[],
      ${group.map(({ expectedSeq }) => expectedSeq)}::bigint[],
      ${group.map(({ record }) => record.lastSeq)}::bigint[],
      ${group.map(({ record }) => record.live)}::integer[],
      ${group.map(({ record }) => record.peak)}::integer[],
      ${group.map(({ record }) => record.minutes)}::double precision[],
      ${group.map(({ ended }) => ended?.at ?? null)}::timestamptz[],
      ${group.map(({ ended }) => ended?.reason ?? null)}::text[],
      ${group.map(({ at }) => at)}::timestamptz[]
    ) as changed (id, expected_seq, last_seq, live, peak, minutes, ended_at, end_reason, at)
    where sessions.id = changed.id and sessions.last_seq = changed.expected_seq and sessions.status = 'LIVE'
  `.execute(trx);
  if (Number(numAffectedRows) !== group.length) throw new SessionTakenError();
}

async function insertLog(trx: Transaction<Database>, group: Changes[]): Promise<void> {
  const entries = group.flatMap(({ record, log }) =>
    log.map((entry) => ({ sessionId: record.sessionId, ...entry })),
  );
  await sql`
    insert into session_events (session_id, seq, at, type, data)
    select * from unnest(
      ${entries.map((entry) => entry.sessionId)}::uuid[],
      ${entries.map((entry) => entry.seq)}::bigint[],
      ${entries.map((entry) => entry.at)}::timestamptz[],
      ${entries.map((entry) => entry.event.type)}::text[],
      ${entries.map((entry) => JSON.stringify(entry.event))}::jsonb[]
    )
  `.execute(trx);
}

/** A peer that comes back after it had left keeps its row, which adds its stays up (features.md RE07). */
async function insertJoined(trx: Transaction<Database>, group: Changes[]): Promise<void> {
  // A peer that joins, leaves and joins again within one round counts with its last join.
  const joined = group.flatMap(({ record, joined }) =>
    [...new Map(joined.map((one) => [one.peer.peerId, one])).values()].map((one) => ({
      ...one,
      sessionId: record.sessionId,
    })),
  );
  if (joined.length === 0) return;
  await sql`
    insert into session_peers (session_id, peer_id, participant_id, custom_participant_id, display_name, picture,
      preset_id, preset_name, view_type, hidden, recorder_type, joined_at)
    select * from unnest(
      ${joined.map((one) => one.sessionId)}::uuid[],
      ${joined.map((one) => one.peer.peerId)}::uuid[],
      ${joined.map((one) => one.peer.participantId)}::uuid[],
      ${joined.map((one) => one.peer.customParticipantId)}::text[],
      ${joined.map((one) => one.peer.displayName)}::text[],
      ${joined.map((one) => one.peer.picture)}::text[],
      ${joined.map((one) => one.peer.preset.id)}::uuid[],
      ${joined.map((one) => one.peer.preset.name)}::text[],
      ${joined.map((one) => one.peer.preset.viewType)}::text[],
      ${joined.map((one) => one.peer.preset.permissions.hidden_participant)}::boolean[],
      ${joined.map((one) => one.peer.preset.permissions.recorder_type)}::text[],
      ${joined.map((one) => one.at)}::timestamptz[]
    )
    on conflict (session_id, peer_id) do update set
      earlier_minutes = session_peers.earlier_minutes + coalesce(
        extract(epoch from session_peers.left_at - coalesce(session_peers.rejoined_at, session_peers.joined_at)) / 60,
        0
      ),
      rejoined_at = excluded.joined_at,
      left_at = null,
      leave_reason = null
  `.execute(trx);
}

async function updateLeft(trx: Transaction<Database>, group: Changes[]): Promise<void> {
  const left = group.flatMap(({ record, joined, left }) => {
    const cameBack = (peerId: string, after: number) =>
      joined.some((one) => one.peer.peerId === peerId && one.seq > after);
    return left
      .filter((one) => !cameBack(one.peer.peerId, one.seq))
      .map((one) => ({ ...one, sessionId: record.sessionId }));
  });
  if (left.length === 0) return;
  await sql`
    update session_peers set left_at = gone.at, leave_reason = gone.reason
    from unnest(
      ${left.map((one) => one.sessionId)}::uuid[],
      ${left.map((one) => one.peer.peerId)}::uuid[],
      ${left.map((one) => one.at)}::timestamptz[],
      ${left.map((one) => one.reason)}::text[]
    ) as gone (session_id, peer_id, at, reason)
    where session_peers.session_id = gone.session_id and session_peers.peer_id = gone.peer_id
  `.execute(trx);
}

/** features.md RE07 and rest-api.md 1.6: a join is recorded as created and joining, a leave as leaving. */
async function insertPeerEvents(trx: Transaction<Database>, group: Changes[]): Promise<void> {
  const events = group.flatMap(({ record, joined, left }) => [
    ...joined.flatMap(({ peer, at }) => [
      { sessionId: record.sessionId, peer, at, name: 'PEER_CREATED' },
      { sessionId: record.sessionId, peer, at, name: 'PEER_JOINING' },
    ]),
    ...left.map(({ peer, at }) => ({ sessionId: record.sessionId, peer, at, name: 'PEER_LEAVING' })),
  ]);
  if (events.length === 0) return;
  await sql`
    insert into peer_events (id, session_id, peer_id, participant_id, event_name, view_type, created_at)
    select * from unnest(
      ${events.map(() => uuid())}::uuid[],
      ${events.map((event) => event.sessionId)}::uuid[],
      ${events.map((event) => event.peer.peerId)}::uuid[],
      ${events.map((event) => event.peer.participantId)}::uuid[],
      ${events.map((event) => event.name)}::text[],
      ${events.map((event) => event.peer.preset.viewType)}::text[],
      ${events.map((event) => event.at)}::timestamptz[]
    )
  `.execute(trx);
}

/** Everybody who is still in leaves with the end; the database knows who that is. */
async function closeEnded(trx: Transaction<Database>, group: Changes[]): Promise<void> {
  const ended = group.filter((changes) => changes.ended !== null);
  if (ended.length === 0) return;
  await sql`
    with gone as (
      update session_peers set left_at = ended.at, leave_reason = 'ended'
      from unnest(
        ${ended.map(({ record }) => record.sessionId)}::uuid[],
        ${ended.map((changes) => changes.ended?.at)}::timestamptz[]
      ) as ended (session_id, at)
      where session_peers.session_id = ended.session_id and session_peers.left_at is null
      returning session_peers.*
    )
    insert into peer_events (id, session_id, peer_id, participant_id, event_name, view_type, created_at)
    select gen_random_uuid(), session_id, peer_id, participant_id, 'PEER_LEAVING', view_type, left_at from gone
  `.execute(trx);
}

/** What the changes have caused, and at their end the chat if there was any (features.md H19). */
function webhooksOf(
  { record, ended, webhooks }: Changes,
  withChat: ReadonlySet<SessionId>,
  sources: WebhookSources,
): QueuedWebhookEvent[] {
  const events = webhooks.map((make) => make(sources));
  if (!ended || !withChat.has(record.sessionId)) return events;
  const session = { ...webhookSession(record), endedAt: ended.at };
  return [...events, chatSynced(session, sources.chatLink(record.sessionId, ended.at))];
}

async function writeWebhooks(
  trx: Transaction<Database>,
  group: Changes[],
  eventsOf: (changes: Changes) => QueuedWebhookEvent[],
): Promise<void> {
  const causing = group.filter((changes) => changes.webhooks.length > 0);
  if (causing.length === 0) return;
  const rows = await trx
    .selectFrom('webhooks')
    .select('app_id')
    .distinct()
    .where('enabled', '=', true)
    .where('app_id', 'in', [...new Set(causing.map(({ record }) => record.appId))])
    .execute();
  const listening = new Set(rows.map((row) => row.app_id));
  const events = causing.filter(({ record }) => listening.has(record.appId)).flatMap(eventsOf);
  const latest = new Date(Math.max(...group.map((changes) => changes.at.getTime())));
  await queueWebhooks(trx, events, latest);
}
