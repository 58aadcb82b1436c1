import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecorderEvent, RecorderOrder } from '@parley/recorder';
import pino from 'pino';
import { v7 as newId } from 'uuid';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecordingId } from '../../../src/ids.js';
import { ReadyRecorders } from '../../../src/recorders/ready-recorders.js';
import type { RecorderLaunch, RecorderProcess } from '../../../src/recorders/recorder-process.js';
import { RecordingDisk } from '../../../src/recordings/disk.js';

const WAIT = { timeout: 10_000 };
const PROGRAM = fileURLToPath(new URL('../../../../../tests/support/fake-recorder.mjs', import.meta.url));

let root: string;
let disk: RecordingDisk;
/** Of the recorders that were to stand by. */
let standbyFolders: string[];
/** How many recordings were about to begin when each of these was started. */
let startingAtStandby: number[];
let opened: { recorders: ReadyRecorders; started: RecorderProcess[] }[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-ready-'));
  disk = await RecordingDisk.open(join(root, 'recordings'));
  standbyFolders = [];
  startingAtStandby = [];
  opened = [];
});
afterEach(async () => {
  for (const { recorders, started } of opened) {
    recorders.close();
    for (const process of started) process.kill();
  }
  await vi.waitFor(async () => expect(await readyFolders()).toEqual([]));
  await rm(root, { recursive: true });
});

const readyFolders = () => readdir(join(root, 'recordings', 'ready'));

/** Which process works in a folder, as it is written there for the server that comes after a crash. */
const processOf = async (folder: string) =>
  (await readFile(join(folder, 'recorder.pid'), 'utf8')).split(' ')[0];

const launchOf = (order: RecorderOrder): RecorderLaunch => ({
  program: PROGRAM,
  env: { PATH: process.env.PATH ?? '' },
  order,
});

async function open({ recorderReadyMinutes = 1, recordersReady = 1, page = 'record' } = {}) {
  const standby = async (folder: string) => {
    standbyFolders.push(folder);
    startingAtStandby.push(recorders.atWork.starting);
    return launchOf({ kind: 'standby', folder, trustedOrigins: [], pageUrl: `http://127.0.0.1:9/${page}` });
  };
  const recorders = await ReadyRecorders.open({
    log: pino({ level: 'silent' }),
    launches: { standby },
    settings: { dataDir: root, recorderProgram: null, recordersReady, recorderReadyMinutes },
    prepareAfterMs: 10,
  });
  const started: RecorderProcess[] = [];
  opened.push({ recorders, started });
  const start = async (fileName = 'a_b') => {
    const id = newId() as RecordingId;
    const events: RecorderEvent['kind'][] = [];
    const exits: string[] = [];
    const folder = await disk.freshWorkFolder(id);
    const output = { audio: { codec: 'AAC', channel: 'mono', exportFile: true } } as const;
    const order: RecorderOrder = {
      ...{ kind: 'record', recordingId: id, pageUrl: '', folder, fileName, output },
      ...{ rtmpUrls: [], trustedOrigins: [] },
    };
    const recorder = await recorders.start(launchOf(order), {
      onEvent: ({ kind }) => events.push(kind),
      onExit: (reason) => exits.push(reason),
    });
    started.push(recorder);
    return { recorder, folder, events, exits };
  };
  const record = async () => {
    const recording = await start();
    await vi.waitFor(() => expect(recording.events).toEqual(['recording']), WAIT);
    return recording;
  };
  const standBy = (count: number) => vi.waitUntil(() => recorders.ready === count, WAIT);
  const standsBy = () => standBy(1);
  return { recorders, start, record, standBy, standsBy };
}

describe('recorders that are ready', () => {
  it('are as many as there should be, each for one of the recordings that start at the same time', async () => {
    const { record, standBy } = await open({ recordersReady: 3 });
    await record();
    await standBy(3);
    const ready = await Promise.all(standbyFolders.map(processOf));
    const together = await Promise.all([record(), record(), record()]);
    const used = await Promise.all(together.map(({ folder }) => processOf(folder)));
    expect(used.toSorted()).toEqual(ready.toSorted());
    await standBy(3);
  });

  it('are not started while a recording has yet to begin', async () => {
    const { start, record, standsBy, recorders } = await open();
    const hanging = await start('hangs_start_a');
    await record();
    expect(recorders.atWork).toEqual({ starting: 1, begun: 1 });
    hanging.recorder.kill();
    await standsBy();
    expect(startingAtStandby).toEqual([0]);
  });

  it('get an order on the way there, rather than that another one is started', async () => {
    const { record, recorders } = await open({ page: 'never' });
    await record();
    await vi.waitUntil(() => standbyFolders.length === 1, WAIT);
    const pid = await vi.waitUntil(() => processOf(standbyFolders[0]!).catch(() => ''), WAIT);
    const { folder } = await record();
    expect(await processOf(folder)).toBe(pid);
    expect(recorders.ready).toBe(0);
  });
});

describe('a recorder that is ready', () => {
  it('is there from the first recording on, is used by the next one, and then there is another', async () => {
    const { recorders, record, standsBy } = await open();
    expect(recorders.ready).toBe(0);
    await record();
    await standsBy();
    expect(standbyFolders).toHaveLength(1);
    const ready = await processOf(standbyFolders[0]!);

    const second = await record();
    expect(await processOf(second.folder)).toBe(ready);
    await standsBy();
    expect(standbyFolders).toHaveLength(2);

    second.recorder.command({ kind: 'stop' });
    await vi.waitFor(() => expect(second.exits).toEqual(['code 0']));
    expect(second.events).toEqual(['recording', 'finished']);
    await vi.waitFor(async () => expect(await readyFolders()).toEqual([basename(standbyFolders[1]!)]));
  });

  it('that dies is missed by nobody', async () => {
    const { record, standsBy } = await open();
    await record();
    await standsBy();
    process.kill(Number(await processOf(standbyFolders[0]!)), 'SIGKILL');
    const dead = basename(standbyFolders[0]!);
    await vi.waitUntil(async () => !(await readyFolders()).includes(dead), WAIT);
    await record();
    await standsBy();
  });

  it('is ended when it was not needed for long enough, or never wanted', async () => {
    const brief = await open({ recorderReadyMinutes: 1 / 60 });
    await brief.record();
    await brief.standsBy();
    await brief.standBy(0);
    const never = await open({ recorderReadyMinutes: 0 });
    await never.record();
    const none = await open({ recordersReady: 0 });
    await none.record();
    expect(standbyFolders).toHaveLength(1);
  });

  it('of a server that was killed is ended by the next one', async () => {
    const { record, standsBy } = await open();
    await record();
    await standsBy();
    const left = Number(await processOf(standbyFolders[0]!));
    await open();
    await vi.waitFor(() => expect(() => process.kill(left, 0)).toThrow('ESRCH'));
    await vi.waitFor(async () => expect(await readyFolders()).toEqual([]));
  });
});
