import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { extract } from 'tar';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Cue, Output } from '../../src/contract.js';
import { descendantsOf } from '../support/processes.js';
import { Bench, SMALL } from '../support/recorder.js';
import { serveRecordingApp } from '../support/recording-app.js';

const run = promisify(execFile);
const INTERACTIVE: Output = { ...SMALL, video: { ...SMALL.video!, interactive: true } };
/** Of one frame of sound. */
const EXACTLY_S = 0.05;

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.dispose());

/** The tar of a recording, unpacked: its files in order, and when each message is due, in seconds of the playlist. */
async function unpack(path: string) {
  const folder = join(bench.folder, 'unpacked');
  await mkdir(folder);
  await extract({ file: path, cwd: folder });
  const names = (await readdir(folder)).sort();
  const playlist = await readFile(join(folder, 'out.m3u8'), 'utf8');
  const segments = [...playlist.matchAll(/#EXTINF:([\d.]+),\n(.+)/g)].map(([, seconds, name]) => ({
    name,
    seconds: Number(seconds),
  }));
  const probed = await run('ffprobe', [
    ...['-v', 'error', '-of', 'json', '-show_entries', 'packet=pts_time:stream=codec_name,start_time'],
    ...['-select_streams', 'd', join(folder, 'out.m3u8')],
  ]);
  const { packets, streams } = JSON.parse(probed.stdout) as {
    packets: { pts_time: string }[];
    streams: { codec_name: string }[];
  };
  const beginning = await run('ffprobe', [
    ...['-v', 'error', '-of', 'csv=p=0', '-show_entries', 'format=start_time'],
    join(folder, names[1]!),
  ]);
  const times = packets.map(({ pts_time }) => Number(pts_time) - Number(beginning.stdout));
  const texts = await Promise.all(names.slice(1).map((name) => readFile(join(folder, name), 'latin1')));
  return { folder, names, segments, streams, times, texts };
}

/** As Chromium gives them: some pictures close together, then fewer. */
const UNEVEN = ['-vf', "select='lt(n,8)+not(mod(n,3))'", '-vsync', 'vfr'];

/** A part as the recorder captures it, from a pattern and a tone, of which Chromium begins with either. */
async function capture(
  part: number,
  seconds: number,
  {
    video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10'],
    order = ['-map', '0', '-map', '1'],
  } = {},
) {
  const path = join(bench.folder, `capture-000${part}.mkv`);
  const inputs = ['testsrc=s=160x120:r=15', 'sine=r=48000'].flatMap((input) => [
    ...['-f', 'lavfi', '-i', `${input}:d=${seconds}`],
  ]);
  await run('ffmpeg', ['-v', 'error', ...inputs, ...order, ...UNEVEN, ...video, '-c:a', 'libopus', path]);
}

it('an interactive recording is a tar of segments of ten seconds, with the messages at their times (RC40)', async () => {
  await capture(0, 24);
  await capture(1, 12, { order: ['-map', '1', '-map', '0'] });
  const [first, second] = [1_760_000_000_000, 1_760_000_100_000];
  const times = [
    { name: 'capture-0000.mkv', startedAtMs: first },
    { name: 'capture-0000.mkv', lengthMs: 24_000 },
    { name: 'capture-0001.mkv', startedAtMs: second },
  ];
  const lines = times.map((time) => `${JSON.stringify(time)}\n`);
  await writeFile(join(bench.folder, 'part-times.jsonl'), `${lines.join('')}{"name":"capt`);
  const cues: Cue[] = [
    { atMs: first + 12_345, text: '{"goal":"München"}' },
    { atMs: first + 12_346, text: 'x'.repeat(16_384) },
    { atMs: second + 9_500, text: 'last' },
  ];
  const { files } = await bench.finish(INTERACTIVE, { cues }).event('finished');
  expect(files).toMatchObject([
    { kind: 'video', path: join(bench.folder, 'meeting_1.tar'), frames: expect.any(Number) },
  ]);
  expect(Math.abs(files[0]!.durationMs - 36_000)).toBeLessThan(300);
  const tar = await unpack(files[0]!.path);
  const decoded = await run('ffmpeg', ['-v', 'error', '-i', join(tar.folder, 'out.m3u8'), '-f', 'null', '-']);
  expect(decoded.stderr).toBe('');
  expect(tar.names).toEqual(['out.m3u8', 'out0000.ts', 'out0001.ts', 'out0002.ts', 'out0003.ts']);
  expect(tar.segments.map(({ name }) => name)).toEqual(tar.names.slice(1));
  for (const { seconds } of tar.segments.slice(0, -1)) expect(Math.abs(seconds - 10)).toBeLessThan(2.5);
  const seconds = tar.segments.reduce((sum, segment) => sum + segment.seconds, 0);
  expect(Math.abs(seconds - 36)).toBeLessThan(0.3);
  expect(tar.streams).toMatchObject([{ codec_name: 'timed_id3' }]);
  const expected = [12.345, 12.346, 33.5];
  expect(tar.times).toHaveLength(expected.length);
  for (const [index, time] of tar.times.entries()) {
    expect(Math.abs(time - expected[index]!)).toBeLessThan(EXACTLY_S);
  }
  const tag = Buffer.from('ID3Data\0{"goal":"München"}\0').toString('latin1');
  expect(tar.texts.map((text) => text.includes(tag))).toEqual([false, true, false, false]);
  expect(tar.texts[3]).toContain('ID3Data\0last\0');
  expect(await readdir(bench.folder)).not.toContain('hls');
});

it('one without messages, of a Chromium that encodes no H.264, is a tar all the same (RC40)', async () => {
  await capture(0, 12, { video: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8'] });
  const { files } = await bench.finish(INTERACTIVE).event('finished');
  const tar = await unpack(files[0]!.path);
  expect(tar.segments).toHaveLength(2);
  expect(Math.abs(tar.segments[0]!.seconds - 10)).toBeLessThan(2.5);
  expect(tar.streams).toEqual([]);
});

it('one that breaks off waits for the messages, which belong to the times without its pause (RC06, RC40)', async () => {
  const app = await serveRecordingApp();
  try {
    const recorder = bench.record(app.url(), INTERACTIVE);
    const { atMs } = await recorder.event('recording');
    recorder.command('pause');
    const paused = await recorder.event('paused');
    recorder.command('resume');
    const resumed = await recorder.event('resumed');
    await sleep(2_000);
    process.kill(descendantsOf(recorder.pid, '/chromium')[0]!, 'SIGKILL');
    const stopping = await recorder.event('stopping');
    const cues = [
      { atMs: atMs + 100, text: 'before the pause' },
      { atMs: resumed.atMs + 500, text: 'behind it' },
    ];
    recorder.child.send({ kind: 'stop', atMs: stopping.atMs, cues });
    const { files } = await recorder.event('finished');
    await recorder.exited;
    const { times } = await unpack(files[0]!.path);
    const expected = [0.1, (paused.atMs - atMs + 500) / 1000];
    expect(times).toHaveLength(expected.length);
    for (const [index, time] of times.entries()) {
      expect(Math.abs(time - expected[index]!)).toBeLessThan(EXACTLY_S);
    }
  } finally {
    await app.close();
  }
});
