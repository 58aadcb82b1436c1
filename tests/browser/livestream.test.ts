import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { until } from '../support/until.js';

const run = promisify(execFile);
const ffmpegIsInstalled = existsSync('/usr/bin/ffmpeg');

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt || !ffmpegIsInstalled)('a real livestream', () => {
  let stage: Stage;
  let receiver: Receiver;
  beforeAll(async () => {
    stage = await setUpStage();
    receiver = await startReceiver(stage.backend, ['livestreaming.statusUpdate']);
  });
  afterAll(async () => {
    await stage?.dispose();
    await receiver?.close();
  });

  test('shows picture and sound of a host who starts it with the SDK, to who has its address, until kick-all (LS01, LS07, OQ23, S44)', async () => {
    const meeting = await stage.backend.newMeeting({ title: 'On air' });
    const mary = await stage.enter(meeting, 'Mary', 'livestream_host');
    const startedAt = Date.now();
    expect(await mary.attempt(() => window.meeting.livestream.start())).toEqual({ ok: true });
    const isLive = () => mary.run(() => window.meeting.livestream.state === 'LIVESTREAMING');
    await until('it is live', isLive, 40_000);
    const tookMs = Date.now() - startedAt;
    // The recorder is seen by nobody.
    expect(await mary.joinedIds()).toEqual([]);

    const late = await stage.enter(meeting, 'Tom', 'livestream_viewer');
    await until('who comes later knows it as well', () =>
      late.run(() => window.meeting.livestream.state === 'LIVESTREAMING'),
    );
    const address = await late.run(() => window.meeting.livestream.playbackUrl);
    expect(address).toBe(await mary.run(() => window.meeting.livestream.playbackUrl));
    // Node does not trust the certificate of the SDK's host.
    const load = (file: string) => fetch(stage.parley.httpUrl + new URL(file, address).pathname);
    const segments = async () =>
      (await (await load('index.m3u8')).text()).split('\n').filter((line) => line.endsWith('.ts'));
    const [first] = await segments();
    await until('there is more to play', async () => (await segments()).length > 2, 20_000);
    const file = join(stage.parley.dataDir, 'segment.ts');
    await writeFile(file, Buffer.from(await (await load((await segments()).at(-1)!)).arrayBuffer()));
    // What was there at first can still be played.
    expect((await load(first!)).status).toBe(200);
    const { frames, peakDb, average } = await lookAt(file);
    // However busy the machine is that encodes them.
    expect(frames).toBeGreaterThan(2);
    // The beeps of the fake microphone come once a second.
    expect(peakDb).toBeGreaterThan(-40);
    // The green of the fake camera.
    expect(average[1]).toBeGreaterThan(average[0]! + 20);

    await stage.backend.kickAll(meeting);
    await until('the end was told', () => receiver.arrivals.length >= 3);
    const told = receiver.arrivals.map(({ body }) => JSON.parse(body.toString()).status);
    expect(told).toEqual(['IDLE', 'LIVE', 'OFFLINE']);
    await until('players are told that it is over', async () =>
      (await (await load('index.m3u8')).text()).includes('#EXT-X-ENDLIST'),
    );
    expect(tookMs).toBeLessThan(30_000);
  });
});

/** What can be seen and heard in a segment; the colour is that of its left upper corner. */
async function lookAt(file: string) {
  const [probed, sound, colour] = await Promise.all([
    run('ffprobe', [
      ...['-v', 'error', '-count_frames', '-select_streams', 'v', '-of', 'csv=p=0'],
      ...['-show_entries', 'stream=nb_read_frames', file],
    ]),
    run('ffmpeg', ['-i', file, '-af', 'volumedetect', '-vn', '-f', 'null', '-']),
    run(
      'ffmpeg',
      [
        ...['-v', 'error', '-i', file, '-frames:v', '1'],
        ...['-vf', 'crop=iw/4:ih/4,scale=1:1', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
      ],
      { encoding: 'buffer' },
    ),
  ]);
  return {
    frames: Number.parseInt(probed.stdout, 10),
    peakDb: Number(/max_volume: (-?[\d.]+) dB/.exec(sound.stderr)?.[1]),
    average: colour.stdout,
  };
}
