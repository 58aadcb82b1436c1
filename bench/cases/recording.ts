import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { missingTools, type RecordedFile, type RecorderEvent, type RecordOrder } from '@parley/recorder';
import type { Bench } from '../bench.js';
import { PAGE } from '../recording/page.js';
import { cpuSecondsOfTree } from '../support/process-usage.js';

const RECORDER = createRequire(import.meta.url).resolve('@parley/recorder/process');
/** Chromium pays for its start in the first seconds. */
const SETTLE_MS = 5_000;
const MEASURED_MS = 30_000;
const MS_PER_MINUTE = 60_000;

interface Measured {
  cpuSecondsPerMinute: number;
  stopToFileMs: number;
  file: RecordedFile;
}

/** Processor time of a recording at 1280x720, beside an ffmpeg that encodes the same picture and sound. */
export const recording: Bench = {
  name: 'recording',
  async run(log) {
    const missing = await missingTools();
    if (missing) throw new Error(missing);
    const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
    try {
      const measured = await record(folder);
      const { file, cpuSecondsPerMinute, stopToFileMs } = measured;
      const framesPerSecond = (file.frames / file.durationMs) * 1000;
      log(
        `${cpuSecondsPerMinute.toFixed(1)} s of CPU a minute, ${framesPerSecond.toFixed(1)} frames a second`,
      );
      const ffmpeg = await encode(file);
      log(
        `ffmpeg: ${ffmpeg.cpuSecondsPerMinute.toFixed(1)} s of CPU a minute, ${ffmpeg.ms} ms for all of it`,
      );
      const name = 'ffmpeg, libx264 veryfast and AAC';
      return [
        {
          what: 'CPU time per recorded minute at 1280x720, browser and encoding, seconds',
          parley: cpuSecondsPerMinute,
          baseline: {
            name: `${name}, decoding and encoding alone`,
            value: ffmpeg.cpuSecondsPerMinute,
            ratio: cpuSecondsPerMinute / ffmpeg.cpuSecondsPerMinute,
          },
        },
        {
          what: `From stop to the finished file of ${Math.round(file.durationMs / 1000)} s, ms`,
          parley: stopToFileMs,
          baseline: { name: `${name}, afterwards`, value: ffmpeg.ms, ratio: stopToFileMs / ffmpeg.ms },
        },
        { what: 'Frames per second of that recording, of 30 shown', parley: framesPerSecond },
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function record(folder: string): Promise<Measured> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(PAGE));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const order: RecordOrder = {
    kind: 'record',
    recordingId: 'bench',
    pageUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    folder,
    fileName: 'bench',
    output: {
      video: { codec: 'H264', width: 1280, height: 720, exportFile: true },
      audio: { codec: 'AAC', channel: 'stereo', exportFile: false },
    },
    rtmpUrls: [],
    trustedOrigins: [],
  };
  const recorder = fork(RECORDER, [], { execArgv: [] });
  try {
    recorder.send(order);
    await event(recorder, 'recording');
    await sleep(SETTLE_MS);
    const before = cpuSecondsOfTree(recorder.pid!);
    const measuredFromMs = Date.now();
    await sleep(MEASURED_MS);
    const cpuSeconds = cpuSecondsOfTree(recorder.pid!) - before;
    const cpuSecondsPerMinute = (cpuSeconds / (Date.now() - measuredFromMs)) * MS_PER_MINUTE;
    const stoppedAtMs = Date.now();
    recorder.send({ kind: 'stop' });
    const { files } = await event(recorder, 'finished');
    return { cpuSecondsPerMinute, stopToFileMs: Date.now() - stoppedAtMs, file: files[0]! };
  } finally {
    recorder.kill('SIGKILL');
    server.close();
    server.closeAllConnections();
  }
}

type EventOf<K extends RecorderEvent['kind']> = Extract<RecorderEvent, { kind: K }>;

function event<K extends RecorderEvent['kind']>(
  recorder: ReturnType<typeof fork>,
  kind: K,
): Promise<EventOf<K>> {
  return new Promise((resolve, reject) => {
    recorder.once('exit', () => reject(new Error(`The recorder ended without telling ${kind}.`)));
    recorder.on('message', (told: RecorderEvent) => {
      if (told.kind === kind) resolve(told as EventOf<K>);
      if (told.kind === 'failed') reject(new Error(told.reason));
    });
  });
}

async function encode({
  path,
  durationMs,
}: RecordedFile): Promise<{ cpuSecondsPerMinute: number; ms: number }> {
  const codecs = ['-c:v', 'libx264', '-preset', 'veryfast', '-c:a', 'aac', '-b:a', '384k'];
  const startedAtMs = Date.now();
  const args = ['-nostdin', '-y', '-benchmark', '-i', path, ...codecs, `${path}.again.mp4`];
  const { stderr } = await promisify(execFile)('ffmpeg', args);
  const [, user, system] = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr)!;
  return {
    cpuSecondsPerMinute: ((Number(user) + Number(system)) / durationMs) * MS_PER_MINUTE,
    ms: Date.now() - startedAtMs,
  };
}
