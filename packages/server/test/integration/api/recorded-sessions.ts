import type { AppId, MeetingId, ParticipantId, PeerId, PresetId, SessionId } from '../../../src/ids.js';
import type { TestApi } from './support.js';

const MINUTE_MS = 60_000;

/** Ids that can be told apart by eye: `5...` sessions, `9...` peers, `a...` participants. */
export const uuid = (kind: string, number: number) =>
  `${kind.padEnd(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`;

interface Peer {
  peer: number;
  participant: number;
  joinedAfterMs: number;
  leftAfterMs?: number;
  recorder?: boolean;
}

/** Writes a session as the session host would have. */
export async function addSession(
  t: TestApi,
  options: {
    number: number;
    meeting: string;
    title: string;
    startedAt: Date;
    ended?: boolean;
    peak?: number;
    peers?: Peer[];
    /** Of a connected meeting: the session of the main one. */
    main?: string;
  },
): Promise<string> {
  const { db } = t.database;
  const id = uuid('5', options.number) as SessionId;
  const at = (ms: number) => new Date(options.startedAt.getTime() + ms);
  const peers = options.peers ?? [];
  const consumed = peers
    .filter(({ recorder, leftAfterMs }) => !recorder && leftAfterMs !== undefined)
    .reduce((sum, { joinedAfterMs, leftAfterMs }) => sum + (leftAfterMs! - joinedAfterMs) / MINUTE_MS, 0);
  await db
    .insertInto('sessions')
    .values({
      id,
      app_id: t.appId as AppId,
      meeting_id: options.meeting as MeetingId,
      title: options.title,
      parent_session_id: (options.main as SessionId | undefined) ?? null,
      status: options.ended ? 'ENDED' : 'LIVE',
      end_reason: null,
      live_participants: 0,
      max_concurrent_participants: options.peak ?? 1,
      minutes_consumed: consumed,
      keep_alive_secs: 60,
      last_seq: 1,
      started_at: options.startedAt,
      ended_at: options.ended ? at(60 * MINUTE_MS) : null,
      created_at: options.startedAt,
      updated_at: options.startedAt,
    })
    .execute();
  for (const { peer, participant, joinedAfterMs, leftAfterMs, recorder } of peers) {
    await db
      .insertInto('session_peers')
      .values({
        session_id: id,
        peer_id: uuid('9', peer) as PeerId,
        participant_id: uuid('a', participant) as ParticipantId,
        custom_participant_id: `custom-${participant}`,
        display_name: `Person ${participant}`,
        picture: null,
        preset_id: uuid('d', 1) as PresetId,
        preset_name: 'group_call_host',
        view_type: 'GROUP_CALL',
        hidden: false,
        recorder_type: recorder ? 'RECORDER' : 'NONE',
        joined_at: at(joinedAfterMs),
        left_at: leftAfterMs === undefined ? null : at(leftAfterMs),
        leave_reason: null,
      })
      .execute();
    for (const [index, [event_name, ms]] of (
      [
        ['PEER_CREATED', joinedAfterMs],
        ['PEER_LEAVING', leftAfterMs],
      ] as const
    ).entries()) {
      if (ms === undefined) continue;
      await db
        .insertInto('peer_events')
        .values({
          id: uuid(`e${index}`, options.number * 100 + peer),
          session_id: id,
          peer_id: uuid('9', peer) as PeerId,
          participant_id: uuid('a', participant) as ParticipantId,
          event_name,
          view_type: 'GROUP_CALL',
          created_at: at(ms),
        })
        .execute();
    }
  }
  return id;
}

export interface RecordedSessions {
  /** Meetings. */
  standup: string;
  review: string;
  /** Sessions of the stand-up. */
  ended: string;
  live: string;
}

/** Two meetings with three sessions: number 1 ended with three connections, 2 lives, 3 ended and was empty. */
export async function recordSessions(t: TestApi): Promise<RecordedSessions> {
  const standup: string = (await t.call('POST', '/meetings', { title: 'Standup' })).body.data.id;
  const review: string = (await t.call('POST', '/meetings', { title: 'Review' })).body.data.id;
  const ended = await addSession(t, {
    number: 1,
    meeting: standup,
    title: 'Standup',
    startedAt: new Date('2026-06-29T23:50:00.000Z'),
    ended: true,
    peak: 2,
    peers: [
      { peer: 1, participant: 1, joinedAfterMs: 0, leftAfterMs: 30 * MINUTE_MS },
      { peer: 2, participant: 2, joinedAfterMs: 5 * MINUTE_MS, leftAfterMs: 15 * MINUTE_MS },
      { peer: 3, participant: 1, joinedAfterMs: 40 * MINUTE_MS, leftAfterMs: 42 * MINUTE_MS },
      { peer: 4, participant: 9, joinedAfterMs: 0, leftAfterMs: 50 * MINUTE_MS, recorder: true },
    ],
  });
  const live = await addSession(t, {
    number: 2,
    meeting: standup,
    title: 'Standup',
    startedAt: new Date('2026-07-01T09:40:00.000Z'),
    peak: 5,
    peers: [
      { peer: 11, participant: 1, joinedAfterMs: 0 },
      { peer: 12, participant: 2, joinedAfterMs: 10 * MINUTE_MS },
      { peer: 13, participant: 3, joinedAfterMs: 0, leftAfterMs: MINUTE_MS },
      { peer: 14, participant: 9, joinedAfterMs: 0, recorder: true },
    ],
  });
  await addSession(t, {
    number: 3,
    meeting: review,
    title: 'Review',
    startedAt: new Date('2026-06-30T12:00:00.000Z'),
    ended: true,
    peak: 1,
  });
  return { standup, review, ended, live };
}
