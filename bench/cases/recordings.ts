import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTools } from '@parley/recorder';
import { atMost, type Bench } from '../bench.js';
import { type FileFacts, factsOf } from '../recording/file.js';
import { enter } from '../recording/person.js';
import { type Parley, startParley } from '../support/parley.js';
import { median } from '../support/stats.js';
import { until } from '../support/until.js';

const IN_A_ROW = 20;
const AT_ONCE = 3;
const RECORDED_MS = 5_000;
/** Between the start of a browser and its being ready, with room to spare. */
const GET_READY_MS = 8_000;
/** Long enough for the start of the others to be over. */
const RECORDED_AT_ONCE_MS = 20_000;
const POLL_MS = 100;
const START_WITHIN_MS = 5_000;
/** The picture of the fake camera has 20 frames a second, the page's clockwork 30; one that stands still has none. */
const MIN_FRAMES_PER_SECOND = 5;
const MIN_PEAK_DBFS = -40;

interface Recording {
  id: string;
  status: string;
  output_file_name: string;
  invoked_time: string;
  started_time: string;
  stopped_time: string;
  err_message?: string;
}

/**
 * Recordings of a meeting with one person, started by the API: how soon they begin, whether each of many in a row holds
 * what it should, and how soon several at once begin and how many frames each of them has.
 */
export const recordings: Bench = {
  name: 'recordings',
  async run(log) {
    const tools = await findTools();
    if (typeof tools === 'string') throw new Error(tools);
    const { row, together } = await inMeeting(
      tools.chromium,
      { PARLEY_RECORDERS_READY: `${AT_ONCE}` },
      async (parley, meetingId) => {
        const row = await inARow(parley, meetingId, log);
        await recordersAreReady(parley);
        return { row, together: await atOnce(parley, meetingId, log) };
      },
    );
    log('and now with no browser ready:');
    const cold = await inMeeting(tools.chromium, { PARLEY_RECORDERS_READY: '0' }, (parley, meetingId) =>
      atOnce(parley, meetingId, log),
    );
    const starts = row.startsMs;
    return [
      {
        what: `From the call to the first recorded moment, ${IN_A_ROW} recordings in a row, ms`,
        parley: median(starts),
        target: atMost(START_WITHIN_MS, 'ms'),
      },
      {
        what: 'The slowest of these starts, ms',
        parley: Math.max(...starts),
        target: atMost(START_WITHIN_MS, 'ms'),
      },
      { what: 'The first of these starts, with no browser ready, ms', parley: starts[0]! },
      {
        what: `Recordings of these ${IN_A_ROW} that are not whole`,
        parley: row.failures,
        target: atMost(0, 'recordings'),
      },
      {
        what: `The slowest start of ${AT_ONCE} recordings at once, ms`,
        parley: Math.max(...together.map(({ startMs }) => startMs)),
        target: atMost(START_WITHIN_MS, 'ms'),
      },
      {
        what: 'The same with no browser ready, ms',
        parley: Math.max(...cold.map(({ startMs }) => startMs)),
      },
      {
        what: `Frames per second at 1280x720, the slowest of ${AT_ONCE} recordings at once`,
        parley: Math.min(...together.map(({ facts }) => facts.framesPerSecond)),
      },
    ];
  },
};

/** A meeting with one person, on a server of its own with these settings. */
async function inMeeting<Result>(
  chromium: string,
  env: Record<string, string>,
  work: (parley: Parley, meetingId: string) => Promise<Result>,
): Promise<Result> {
  const parley = await startParley(env);
  try {
    const { id } = await parley.call<{ id: string }>('POST', `/${parley.appId}/meetings`, {
      title: 'Recorded',
    });
    const person = await enter(parley, chromium, id, 'Mary');
    try {
      return await work(parley, id);
    } finally {
      await person.leave();
    }
  } finally {
    await parley.stop();
  }
}

/** Each of those that stand by has a folder. */
async function recordersAreReady(parley: Parley): Promise<void> {
  const folder = join(parley.dataDir, 'recordings', 'ready');
  await until('as many recorders stand by as are needed', () => readdirSync(folder).length === AT_ONCE);
  await sleep(GET_READY_MS);
}

async function inARow(parley: Parley, meetingId: string, log: (line: string) => void) {
  const startsMs: number[] = [];
  let failures = 0;
  for (let round = 1; round <= IN_A_ROW; round++) {
    try {
      const { startMs, facts, lengthMs } = await record(parley, meetingId, RECORDED_MS);
      startsMs.push(startMs);
      requireWhole(facts, lengthMs);
      log(
        `recording ${round}: began after ${startMs} ms, ${facts.framesPerSecond.toFixed(1)} frames a second`,
      );
    } catch (error) {
      failures += 1;
      log(`recording ${round} failed: ${(error as Error).message}`);
    }
  }
  return { startsMs, failures };
}

async function atOnce(
  parley: Parley,
  meetingId: string,
  log: (line: string) => void,
): Promise<{ startMs: number; facts: FileFacts }[]> {
  const recorded = await Promise.all(
    Array.from({ length: AT_ONCE }, () => record(parley, meetingId, RECORDED_AT_ONCE_MS)),
  );
  for (const { startMs, facts } of recorded) {
    log(`one of ${AT_ONCE}: began after ${startMs} ms, ${facts.framesPerSecond.toFixed(1)} frames a second`);
  }
  return recorded;
}

/** One recording from the call to its file; throws what the server says of a failure. */
async function record(parley: Parley, meetingId: string, recordedMs: number) {
  const calledAtMs = Date.now();
  const { id } = await parley.call<Recording>('POST', `/${parley.appId}/recordings`, {
    meeting_id: meetingId,
    allow_multiple_recordings: true,
  });
  const begun = await reached(parley, id, 'RECORDING');
  const startMs = Date.parse(begun.started_time) - calledAtMs;
  await sleep(recordedMs);
  await parley.call('PUT', `/${parley.appId}/recordings/${id}`, { action: 'stop' });
  const { output_file_name, stopped_time } = await reached(parley, id, 'UPLOADED');
  const facts = await factsOf(join(parley.dataDir, 'recordings/done', id, output_file_name));
  return { startMs, facts, lengthMs: Date.parse(stopped_time) - Date.parse(begun.started_time) };
}

async function reached(parley: Parley, id: string, status: string): Promise<Recording> {
  for (;;) {
    const now = await parley.call<Recording>('GET', `/${parley.appId}/recordings/${id}`);
    if (now.status === status) return now;
    if (now.status === 'ERRORED') throw new Error(now.err_message);
    await sleep(POLL_MS);
  }
}

function requireWhole({ durationMs, framesPerSecond, peakDbfs }: FileFacts, lengthMs: number): void {
  if (Math.abs(durationMs - lengthMs) > 1_000) throw new Error(`${durationMs} ms of ${lengthMs} are there`);
  if (framesPerSecond < MIN_FRAMES_PER_SECOND) throw new Error(`${framesPerSecond} frames a second`);
  if (peakDbfs < MIN_PEAK_DBFS) throw new Error(`the sound reaches ${peakDbfs} dBFS`);
}
