import type { TimeLimits } from '@parley/core';
import { CloseCode, RoomEvent } from '@parley/wire';
import pino from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { MediaPool } from '../../../src/media/media-pool.js';
import type { Journal } from '../../../src/sessions/journal.js';
import { MeetingHost } from '../../../src/sessions/meeting-host.js';
import type { MeetingInfo } from '../../../src/sessions/meeting-info.js';
import {
  admission,
  FakeConnection,
  FakeJournal,
  identityOf,
  MEETING,
  noFamily,
  nothingRecorded,
  nothingStreamed,
} from './fakes.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const START = Date.parse('2026-07-01T10:00:00.000Z');
/** Timers may be late by what Node's are early. */
const SLACK_MS = 10;

let journal: FakeJournal;
let host: MeetingHost;
let clockSetBackMs: number;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  clockSetBackMs = 0;
  journal = new FakeJournal();
  const room = { request: async () => ({ answer: '' }), on: () => () => {}, close: () => {} };
  host = new MeetingHost(MEETING, {
    clock: { now: () => new Date(Date.now() - clockSetBackMs) },
    log: pino({ level: 'silent' }),
    journal: journal as unknown as Journal,
    mediaPool: { room: () => room } as unknown as MediaPool,
    reconnectGraceMs: MINUTE_MS,
    family: noFamily,
    recordings: nothingRecorded,
    livestreams: nothingStreamed,
    onIdle: () => {},
    onLost: () => {},
  });
});
afterEach(() => {
  host.close(CloseCode.normal, 'the test is over');
  vi.useRealTimers();
});

const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const meeting = (limits: Partial<TimeLimits>): MeetingInfo => ({
  ...admission.meeting,
  limits: { maxSessionMs: null, endsAt: null, ...limits },
});
const change = (limits: Partial<TimeLimits>) => host.meetingChanged(async () => meeting(limits));

async function joined(limits: Partial<TimeLimits>): Promise<FakeConnection> {
  const connection = new FakeConnection();
  host.attach(connection);
  await host.join(
    async () => ({ ...admission, meeting: meeting(limits) }),
    () => identityOf(connection),
    { peerId: connection.peerId, requestId: 'join' },
  );
  return connection;
}

const warnings = ({ events }: FakeConnection) =>
  events.filter((event) => event === RoomEvent.broadcastMessage).length;

it('a session is warned twice and ends by itself, everybody out as by a kick-all', async () => {
  const mary = await joined({ maxSessionMs: 10 * MINUTE_MS });
  await passes(5 * MINUTE_MS - 1);
  expect(warnings(mary)).toBe(0);
  await passes(SLACK_MS);
  expect(warnings(mary)).toBe(1);
  await passes(4 * MINUTE_MS);
  expect(warnings(mary)).toBe(2);
  await passes(MINUTE_MS - 2 * SLACK_MS);
  expect(host.state.session).not.toBeNull();
  await passes(2 * SLACK_MS);
  expect(host.state.session).toBeNull();
  expect([mary.events.at(-1), mary.closedWith]).toEqual([RoomEvent.kickAll, CloseCode.normal]);
  expect(journal.written.at(-1)?.ended).toMatchObject({ reason: 'TIME_LIMIT' });
});

it('its limit may be set, moved earlier and later, and removed while it is live', async () => {
  const mary = await joined({});
  await change({ endsAt: START + 60 * MINUTE_MS });
  await change({ endsAt: START + 20 * MINUTE_MS });
  await passes(15 * MINUTE_MS + SLACK_MS);
  expect(warnings(mary)).toBe(1);
  await change({ endsAt: START + 40 * MINUTE_MS });
  expect(warnings(mary)).toBe(2);
  await passes(15 * MINUTE_MS);
  expect(host.state.session).not.toBeNull();
  await change({});
  expect(warnings(mary)).toBe(3);
  await passes(DAY_MS);
  expect(host.state.session).not.toBeNull();
  await change({ maxSessionMs: DAY_MS + 31 * MINUTE_MS });
  await passes(2 * MINUTE_MS);
  expect(host.state.session).toBeNull();
});

it('a limit in the past ends it before the change is answered', async () => {
  await joined({ endsAt: START + DAY_MS });
  await change({ endsAt: START - DAY_MS });
  expect(host.state.session).toBeNull();
});

it('a limit further away than a timer can wait is kept', async () => {
  await joined({ maxSessionMs: 60 * DAY_MS });
  await passes(59 * DAY_MS);
  expect(host.state.session).not.toBeNull();
  await passes(DAY_MS + SLACK_MS);
  expect(host.state.session).toBeNull();
});

it('a clock that was set back gives the session its time', async () => {
  await joined({ endsAt: START + 10 * MINUTE_MS });
  clockSetBackMs = 3 * MINUTE_MS;
  await passes(10 * MINUTE_MS + SLACK_MS);
  expect(host.state.session).not.toBeNull();
  await passes(3 * MINUTE_MS + SLACK_MS);
  expect(host.state.session).toBeNull();
});

it('of changes at once the last one counts, however long they take to be read', async () => {
  await joined({});
  let read = (_: MeetingInfo) => {};
  const first = host.meetingChanged(() => new Promise((resolve) => (read = resolve)));
  const second = change({ endsAt: START + 2 * DAY_MS });
  await passes(1);
  read(meeting({ endsAt: START + DAY_MS }));
  await Promise.all([first, second]);
  expect(host.meeting?.limits.endsAt).toBe(START + 2 * DAY_MS);
});

it('nobody joins a meeting whose time is over', async () => {
  await expect(joined({ endsAt: START })).rejects.toMatchObject({ code: 'meeting_over' });
});
