import { BACKEND, type NewRecording } from '@parley/core';
import { CloseCode, RoomEvent } from '@parley/wire';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest';
import type { MediaPool, MediaRoom } from '../../../src/media/media-pool.js';
import type { Changes } from '../../../src/sessions/changes.js';
import type { PeerConnection } from '../../../src/sessions/connection.js';
import type { Journal } from '../../../src/sessions/journal.js';
import { MeetingHost } from '../../../src/sessions/meeting-host.js';
import type { Admission } from '../../../src/sessions/meeting-info.js';
import {
  admission,
  FakeConnection,
  FakeJournal,
  identityOf,
  KEEP_ALIVE_SECS,
  MEETING,
  noFamily,
  nothingRecorded,
  nothingStreamed,
} from './fakes.js';

const GRACE_MS = 10_000;

const requests = vi.fn<MediaRoom['request']>();
const mediaPool = {
  room: (id: string): MediaRoom => ({ id, request: requests, on: () => () => {}, close: () => {} }),
} as unknown as MediaPool;

let journal: FakeJournal;
let host: MeetingHost;
const RECORDING_EMPTY_MS = 20_000;
const onStart = (): NewRecording => ({
  id: 'recording',
  type: 'BROWSER',
  maxMs: null,
  order: { outputFileName: 'x.mp4' },
});
const recordingsChanged = vi.fn();
let onIdle: Mock<(host: MeetingHost) => void>;
let onLost: Mock<(host: MeetingHost) => void>;
let clockMs: number;
/** What the clock of the machine is away from the time that passes. */
let clockSetBackMs: number;

beforeEach(() => {
  vi.useFakeTimers();
  clockMs = Date.parse('2026-07-01T10:00:00.000Z');
  clockSetBackMs = 0;
  journal = new FakeJournal();
  onIdle = vi.fn();
  onLost = vi.fn((lost: MeetingHost) => lost.close(CloseCode.serviceRestart, 'lost'));
  recordingsChanged.mockReset();
  requests.mockReset();
  requests.mockResolvedValue({ answer: 'v=0' } as never);
  host = new MeetingHost(MEETING, {
    clock: { now: () => new Date(clockMs - clockSetBackMs) },
    log: pino({ level: 'silent' }),
    journal: journal as unknown as Journal,
    mediaPool,
    reconnectGraceMs: GRACE_MS,
    family: noFamily,
    recordings: {
      ...nothingRecorded,
      emptyMs: RECORDING_EMPTY_MS,
      onStart,
      changed: recordingsChanged,
    },
    livestreams: nothingStreamed,
    onIdle,
    onLost,
  });
});
afterEach(() => {
  host.close(CloseCode.normal, 'the test is over');
  vi.useRealTimers();
});

async function passes(ms: number): Promise<void> {
  clockMs += ms;
  await vi.advanceTimersByTimeAsync(ms);
}

const join = (connection: PeerConnection, admit: () => Promise<Admission> = async () => admission) =>
  host.join(admit, () => identityOf(connection), { peerId: connection.peerId, requestId: 'join' });

async function joined(): Promise<FakeConnection> {
  const connection = new FakeConnection();
  host.attach(connection);
  await join(connection);
  return connection;
}

const eventsWritten = () => journal.written.flatMap(({ log }) => log.map(({ event }) => event.type));

describe('a change', () => {
  it('is told to nobody before it is committed (E11)', async () => {
    const mary = await joined();
    let commit = () => {};
    journal.commit.mockImplementationOnce(() => new Promise((resolve) => (commit = resolve)));
    const ending = host.execute({ type: 'EndSession', by: mary.peerId });
    await vi.advanceTimersByTimeAsync(1000);
    expect(mary.events).not.toContain(RoomEvent.kickAll);
    commit();
    await ending;
    expect(mary.events.at(-1)).toBe(RoomEvent.kickAll);
    expect(mary.closedWith).toBe(CloseCode.normal);
  });

  it('answers no question before everybody was told of it, and is told to nobody afterwards', async () => {
    const mary = await joined();
    const tom = new FakeConnection();
    host.attach(tom);
    let commit = () => {};
    journal.commit.mockImplementationOnce(() => new Promise((resolve) => (commit = resolve)));
    const joining = join(tom);
    await passes(0);
    const answered = vi.fn(() => [...mary.events]);
    const asking = host.whenTold(answered);
    await passes(1000);
    expect(answered).not.toHaveBeenCalled();
    // Of the next round, which must not be in the answer either.
    const kicking = host.execute({ type: 'KickPeers', by: mary.peerId, peerIds: [tom.peerId] });
    const both = host.whenTold(() => expect(host.state.session?.peers.size).toBe(2));
    commit();
    await Promise.all([joining, asking, both, kicking]);
    expect(answered.mock.results[0]?.value.at(-1)).toBe(RoomEvent.joinRoom);
    expect(mary.events.at(-1)).toBe(RoomEvent.leaveRoom);
    await host.whenTold(() => expect(host.state.session?.peers.size).toBe(1));
  });

  it('that cannot be saved answers no question', async () => {
    const mary = await joined();
    journal.commit.mockRejectedValueOnce(new Error('connection terminated'));
    const kicking = host.execute({ type: 'KickPeers', by: mary.peerId, peerIds: [mary.peerId] });
    const asking = host.whenTold(() => undefined);
    await expect(kicking).rejects.toMatchObject({ code: 'not_saved' });
    await expect(asking).rejects.toMatchObject({ code: 'not_saved' });
    await expect(host.whenTold(() => undefined)).rejects.toMatchObject({ code: 'gone' });
  });

  it('that cannot be saved is told to nobody, and the host is let go of', async () => {
    const mary = await joined();
    journal.commit.mockRejectedValueOnce(new Error('the disk is full'));
    const first = host.execute({ type: 'EndSession', by: mary.peerId });
    const second = host.execute({ type: 'Leave', peerId: mary.peerId });
    await expect(first).rejects.toMatchObject({ code: 'not_saved' });
    await expect(second).rejects.toMatchObject({ code: expect.stringMatching(/gone|not_saved/) });
    expect(mary.events).not.toContain(RoomEvent.kickAll);
    expect(mary.closedWith).toBe(CloseCode.serviceRestart);
    expect(onLost).toHaveBeenCalledTimes(1);
  });

  it('is committed together with those that came in the same moment, and refusals change nothing', async () => {
    const mary = await joined();
    const before = journal.commit.mock.calls.length;
    const outcomes = await Promise.allSettled([
      host.execute({ type: 'EndSession', by: mary.peerId }),
      host.execute({ type: 'EndSession', by: mary.peerId }),
      host.execute({ type: 'EndSession', by: mary.peerId }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(journal.commit.mock.calls.length).toBe(before + 1);
    expect(eventsWritten().filter((type) => type === 'SessionEnded')).toHaveLength(1);
  });
});

describe('a recording', () => {
  const start = () =>
    host.execute({ type: 'StartRecording', by: BACKEND, recording: onStart(), allowMultiple: false });

  it('begins with the session of a meeting that wants it, and its runner is woken after the commit (RC01)', async () => {
    const recorded = { ...admission, meeting: { ...admission.meeting, recordOnStart: {} } };
    const mary = new FakeConnection();
    host.attach(mary);
    journal.commit.mockImplementationOnce(async (changes: Changes) => {
      expect(recordingsChanged).not.toHaveBeenCalled();
      journal.written.push(changes);
    });
    await join(mary, async () => recorded);
    expect(eventsWritten()).toEqual(['SessionStarted', 'PeerJoined', 'RecordingInvoked']);
    expect(recordingsChanged).toHaveBeenCalledTimes(1);
  });

  it('stops by itself when nobody is left, and the session goes on (L14)', async () => {
    const mary = await joined();
    await start();
    host.detach(mary, true);
    await passes(0);
    await passes(RECORDING_EMPTY_MS - 10);
    expect(host.state.session?.recordings.size).toBe(1);
    await passes(100);
    expect(eventsWritten().at(-1)).toBe('RecordingChanged');
    expect(host.state.session?.recordings.size).toBe(0);
  });

  it('lets its recorder into a locked meeting, and never into one without a session', async () => {
    const locked = { ...admission, isRecorder: true, meeting: { ...admission.meeting, locked: true } };
    const recorder = new FakeConnection();
    host.attach(recorder);
    await expect(join(recorder, async () => locked as Admission)).rejects.toMatchObject({
      code: 'no_session',
    });
    await joined();
    await join(recorder, async () => locked as Admission);
    expect(host.state.session?.peers.has(recorder.peerId)).toBe(true);
  });
});

describe('a socket', () => {
  it('that closes while its join is under way leaves nobody in the session', async () => {
    const mary = new FakeConnection();
    host.attach(mary);
    let admit = (_: Admission) => {};
    const joining = join(mary, () => new Promise((resolve) => (admit = resolve)));
    host.detach(mary, true);
    admit(admission);
    await expect(joining).rejects.toMatchObject({ code: 'gone' });
    expect(host.state.session).toBeNull();
    expect(eventsWritten()).toEqual([]);
    await vi.waitFor(() => expect(onIdle).toHaveBeenCalled());
  });

  it('of a peer that was kicked while it joined again does not bring it back', async () => {
    const [mary, tom] = [await joined(), await joined()];
    let admit = (_: Admission) => {};
    const joining = join(tom, () => new Promise((resolve) => (admit = resolve)));
    await host.execute({ type: 'KickPeers', by: mary.peerId, peerIds: [tom.peerId] });
    admit(admission);
    await expect(joining).rejects.toMatchObject({ code: 'gone' });
    expect([...host.state.session!.peers.keys()]).toEqual([mary.peerId]);
  });

  it('takes the place of the peer’s older one, whose end is then no leave (protocol.md 3.6)', async () => {
    const older = await joined();
    const newer = new FakeConnection(older.peerId);
    host.attach(newer);
    expect(older.closedWith).toBe(CloseCode.normal);
    host.detach(older, true);
    await passes(GRACE_MS * 2);
    expect(host.state.session?.peers.has(older.peerId)).toBe(true);
    expect(eventsWritten()).not.toContain('PeerLeft');
  });

  it('that is lost keeps its peer’s place for the grace period, and no longer (S05)', async () => {
    const [mary, tom] = [await joined(), await joined()];
    host.detach(tom, false);
    await passes(GRACE_MS - 1);
    expect(host.state.session?.peers.has(tom.peerId)).toBe(true);
    await passes(10);
    expect(host.state.session?.peers.has(tom.peerId)).toBe(false);
    expect(mary.events.at(-1)).toBe(RoomEvent.leaveRoom);
  });

  it('has the transport closed that was made for it too late', async () => {
    const mary = new FakeConnection();
    host.attach(mary);
    const { transportId } = await host.media.createTransport(mary.peerId, 'send', 'v=0');
    host.releaseIfGone(mary.peerId);
    expect(host.media.transportOf(mary.peerId, 'send')).toBe(transportId);
    host.detach(mary, true);
    const late = await host.media.createTransport(mary.peerId, 'recv', 'v=0');
    host.releaseIfGone(mary.peerId);
    expect(host.media.owns(mary.peerId, late.transportId)).toBe(false);
    expect(requests).toHaveBeenCalledWith('closeTransport', { transportId: late.transportId });
  });
});

describe('a session that everybody has left', () => {
  it('ends when the keep-alive time is over (L02)', async () => {
    host.detach(await joined(), true);
    await passes(KEEP_ALIVE_SECS * 1000 - 1);
    expect(host.state.session).not.toBeNull();
    await passes(10);
    expect(host.state.session).toBeNull();
    expect(eventsWritten().at(-1)).toBe('SessionEnded');
    expect(onIdle).toHaveBeenCalled();
  });

  it('goes on when somebody comes in time (L04)', async () => {
    host.detach(await joined(), true);
    await passes(KEEP_ALIVE_SECS * 500);
    const { id } = host.state.session!;
    await joined();
    await passes(KEEP_ALIVE_SECS * 2000);
    expect(host.state.session?.id).toBe(id);
  });

  it('ends although the clock of the machine was set back meanwhile', async () => {
    host.detach(await joined(), true);
    clockSetBackMs = 5_000;
    await passes(KEEP_ALIVE_SECS * 1000 + 10);
    expect(host.state.session).not.toBeNull();
    await passes(5_000);
    expect(host.state.session).toBeNull();
  });
});

it('a lost peer is given up although the clock of the machine was set back meanwhile', async () => {
  const [, tom] = [await joined(), await joined()];
  host.detach(tom, false);
  clockSetBackMs = 5_000;
  await passes(GRACE_MS + 10);
  expect(host.state.session?.peers.has(tom.peerId)).toBe(true);
  await passes(GRACE_MS + 10);
  expect(host.state.session?.peers.has(tom.peerId)).toBe(false);
});
