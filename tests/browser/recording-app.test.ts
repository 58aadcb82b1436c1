import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { picturesOf } from '../support/pictures.js';
import { until } from '../support/until.js';

const run = promisify(execFile);
const ffmpegIsInstalled = existsSync('/usr/bin/ffmpeg');
const RECORDED_MS = 4_000;
const SIZE = { width: 640, height: 360 };

/** The packages as they are published; the recording SDK works with clients up to 1.5.1 (features.md RC39). */
const packages = createRequire(new URL('../../packages/recorder/package.json', import.meta.url));
const FILES: Record<string, Buffer> = {
  '/client.js': readFileSync(packages.resolve('realtimekit-1/inlined')),
  '/recording-sdk.js': readFileSync(
    packages.resolve('@cloudflare/realtimekit-recording-sdk').replace('index.cjs.js', 'index.es.js'),
  ),
};

/** A recording app as the guide has it: `init` of the client, `init` of the recording SDK, and what it wants to show. */
const appFor = (baseURI: string) => `<!doctype html>
<style>
  body { margin: 0; background: #f00; }
  video { position: fixed; left: 0; top: 0; width: 50vw; height: 100vh; object-fit: cover; }
</style>
<body>
<script src="/client.js"></script>
<script type="module">
  import { RealtimeKitRecording } from '/recording-sdk.js';

  const query = new URLSearchParams(location.search);
  const recording = new RealtimeKitRecording({});
  const meeting = await RealtimeKitClient.init({
    authToken: query.get('authToken'),
    baseURI: '${baseURI}',
    defaults: { audio: false, video: false },
  });
  const play = (kind, track) => {
    if (!track) return;
    const element = Object.assign(document.createElement(kind), { autoplay: true });
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
  };
  meeting.participants.joined.on('videoUpdate', ({ videoTrack }) => play('video', videoTrack));
  meeting.participants.joined.on('audioUpdate', ({ audioTrack }) => play('audio', audioTrack));
  meeting.self.on('roomJoined', () => {
    for (const { videoTrack, audioTrack } of meeting.participants.joined.toArray()) {
      play('video', videoTrack);
      play('audio', audioTrack);
    }
  });
  await recording.init(meeting);
</script>`;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt || !ffmpegIsInstalled)('a recording app', () => {
  let stage: Stage;
  let app: Server;
  beforeAll(async () => {
    stage = await setUpStage({ env: { PARLEY_WEBHOOK_ALLOW_PRIVATE: '1' } });
    app = createServer(({ url }, response) => {
      const script = FILES[url!];
      response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
      response.end(script ?? appFor(stage.parley.baseDomain));
    });
    await new Promise<void>((listening) => app.listen(0, '127.0.0.1', listening));
  });
  afterAll(async () => {
    app?.close();
    await stage?.dispose();
  });

  test('on the recording SDK as it is published is recorded as it looks and sounds (RC35, RC38, RC39)', async () => {
    const { client, accountId: account_id, appId: app_id } = stage.backend;
    const { recordings } = client.realtimeKit;
    const meeting_id = await stage.backend.newMeeting();
    await stage.enter(meeting_id, 'Mary', 'group_call_host');
    const { data } = await recordings.startRecordings(app_id, {
      account_id,
      meeting_id,
      url: `http://127.0.0.1:${(app.address() as AddressInfo).port}/`,
      video_config: SIZE,
    });
    const reached = (status: 'RECORDING' | 'UPLOADED') => stage.backend.recordingReached(data!.id, status);
    const { started_time } = await reached('RECORDING');
    await until('it has something to show', () => Date.now() - Date.parse(started_time!) > RECORDED_MS);
    await stage.backend.kickAll(meeting_id);
    const { output_file_name } = await reached('UPLOADED');

    const file = join(stage.parley.dataDir, 'recordings/done', data!.id, output_file_name);
    const pictures = await picturesOf(file, 2, SIZE);
    // The right half is the app's own red, the left one Mary's camera.
    const withMary = pictures.filter((picture) => picture.share('green') > 0.4);
    expect(withMary.length).toBeGreaterThan(RECORDED_MS / 1000);
    for (const picture of withMary) expect(Math.abs(picture.share('red') - 0.5)).toBeLessThan(0.02);
    const { stderr } = await run('ffmpeg', ['-i', file, '-af', 'volumedetect', '-vn', '-f', 'null', '-']);
    expect(Number(/max_volume: (-?[\d.]+) dB/.exec(stderr)?.[1])).toBeGreaterThan(-40);
  });
});
