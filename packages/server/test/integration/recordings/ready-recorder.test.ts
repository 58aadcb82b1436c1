import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecorderEvent, RecorderOrder } from '@parley/recorder';
import pino from 'pino';
import { v7 as newId } from 'uuid';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecordingId } from '../../../src/ids.js';
import { RecordingDisk } from '../../../src/recordings/disk.js';
import { ReadyRecorder } from '../../../src/recordings/ready-recorder.js';
import type { RecorderLaunch, RecorderProcess } from '../../../src/recordings/recorder-process.js';

const PROGRAM = fileURLToPath(new URL('../../../../../tests/support/fake-recorder.mjs', import.meta.url));

let root: string;
let disk: RecordingDisk;
/** Of the recorders that were to stand by. */
let standbyFolders: string[];
let opened: { recorders: ReadyRecorder; started: RecorderProcess[] }[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-ready-'));
  disk = await RecordingDisk.open(join(root, 'recordings'));
  standbyFolders = [];
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

async function open(recorderReadyMinutes = 1) {
  const standby = async (folder: string) => {
    standbyFolders.push(folder);
    return launchOf({ kind: 'standby', folder, trustedOrigins: [], pageUrl: 'http://127.0.0.1:9/record' });
  };
  const recorders = await ReadyRecorder.open({
    log: pino({ level: 'silent' }),
    launches: { standby },
    settings: { dataDir: root, recorderProgram: null, recorderReadyMinutes },
    prepareAfterMs: 10,
  });
  const started: RecorderProcess[] = [];
  opened.push({ recorders, started });
  const record = async () => {
    const id = newId() as RecordingId;
    const events: RecorderEvent['kind'][] = [];
    const exits: string[] = [];
    const folder = await disk.freshWorkFolder(id);
    const output = { audio: { codec: 'AAC', channel: 'mono', exportFile: true } } as const;
    const order: RecorderOrder = {
      ...{ kind: 'record', recordingId: id, pageUrl: '', folder, fileName: 'a_b', output },
      ...{ rtmpUrls: [], trustedOrigins: [] },
    };
    const recorder = await recorders.start(launchOf(order), {
      onEvent: ({ kind }) => events.push(kind),
      onExit: (reason) => exits.push(reason),
    });
    started.push(recorder);
    await vi.waitFor(() => expect(events).toEqual(['recording']));
    return { recorder, folder, events, exits };
  };
  const standsBy = () => vi.waitUntil(() => recorders.isReady, { timeout: 5_000 });
  return { recorders, record, standsBy };
}

describe('a recorder that is ready', () => {
  it('is there from the first recording on, is used by the next one, and then there is another', async () => {
    const { recorders, record, standsBy } = await open();
    expect(recorders.isReady).toBe(false);
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
    const { recorders, record, standsBy } = await open();
    await record();
    await standsBy();
    process.kill(Number(await processOf(standbyFolders[0]!)), 'SIGKILL');
    await vi.waitUntil(() => !recorders.isReady);
    await record();
    await standsBy();
  });

  it('is ended when it was not needed for long enough, or never wanted', async () => {
    const brief = await open(0.2 / 60);
    await brief.record();
    await brief.standsBy();
    await vi.waitUntil(() => !brief.recorders.isReady);
    const none = await open(0);
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
