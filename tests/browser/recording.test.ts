import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Person, type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { type Picture, picturesOf } from '../support/pictures.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { until } from '../support/until.js';

const run = promisify(execFile);
const ffmpegIsInstalled = existsSync('/usr/bin/ffmpeg');
/** How long everything stays as it is, so that pictures of it are in the file. */
const SHOWN_MS = 2_500;
const SIZE = { width: 640, height: 360 };
/** The page's own distance of a watermark from the edges. */
const MARGIN_PX = 16;
const WATERMARK = { width: 80, height: 40 };
/** What an encoder may smear. */
const BLUR_PX = 3;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt || !ffmpegIsInstalled)('a real recorder', () => {
  let stage: Stage;
  let receiver: Receiver;
  let images: Server;
  beforeAll(async () => {
    stage = await setUpStage({ env: { PARLEY_LOG_LEVEL: 'info' } });
    receiver = await startReceiver(stage.backend, ['recording.statusUpdate']);
    images = await serveRedImage();
  });
  afterAll(async () => {
    images?.close();
    await stage?.dispose();
    await receiver?.close();
  });

  test('records what people see, in the layouts of stage, pin and shared screen, until kick-all, seen by nobody (E02, RC01, RC04, RC20, RC24, RC34, X13)', async () => {
    const { client, accountId: account_id, appId: app_id } = stage.backend;
    const { recordings } = client.realtimeKit;
    const meeting_id = await stage.backend.newMeeting({ title: 'Recorded' });
    const [mary, tom] = [
      await stage.enter(meeting_id, 'Mary', 'webinar_presenter'),
      await stage.enter(meeting_id, 'Tom', 'webinar_presenter', { audio: true, video: false }),
    ];
    const start = async (file_name_prefix: string) => {
      const { data } = await recordings.startRecordings(app_id, {
        account_id,
        meeting_id,
        file_name_prefix,
        allow_multiple_recordings: true,
        video_config: {
          ...SIZE,
          watermark: {
            url: `http://127.0.0.1:${(images.address() as AddressInfo).port}/red.svg`,
            position: 'right bottom',
            size: WATERMARK,
          },
        },
      });
      return data!.id;
    };
    const reached = stage.backend.recordingReached;
    const tookMs = (begun: { invoked_time: string; started_time: string | null }) =>
      Date.parse(begun.started_time!) - Date.parse(begun.invoked_time);
    const isShown = () => new Promise((shown) => setTimeout(shown, SHOWN_MS));

    await sendsColours(tom);
    const id = await start('real');
    const begun = await reached(id, 'RECORDING');
    expect(await mary.joinedIds()).toEqual([tom.id]);
    await isShown();
    expect(await pinned(mary, tom, true)).toEqual({ ok: true });
    await isShown();
    expect(await pinned(mary, tom, false)).toEqual({ ok: true });
    expect(await tom.attempt(() => window.meeting.self.enableScreenShare())).toEqual({ ok: true });
    await isShown();
    expect(await tom.attempt(() => window.meeting.self.disableScreenShare())).toEqual({ ok: true });
    expect(await tom.attempt(() => window.meeting.stage.leave())).toEqual({ ok: true });
    await isShown();
    // From the first recording on a browser is ready for the next one.
    await until('a recorder is ready', () => stage.parley.log().includes('A recorder is ready'), 30_000);
    const next = await start('next');
    const nextBegun = await reached(next, 'RECORDING');
    await stage.backend.kickAll(meeting_id);
    const done = await reached(id, 'UPLOADED');

    const file = join(stage.parley.dataDir, 'downloaded.mp4');
    // The name of the link is the SDK's own host, whose certificate Node does not trust.
    const link = new URL(done.download_url!);
    const bytes = Buffer.from(
      await (await fetch(`${stage.parley.httpUrl}${link.pathname}${link.search}`)).arrayBuffer(),
    );
    expect(bytes.byteLength).toBe(done.file_size);
    await writeFile(file, bytes);
    const probed = await run('ffprobe', [
      ...['-v', 'error', '-count_frames', '-of', 'json'],
      ...['-show_entries', 'stream=codec_name,width,height,nb_read_frames:format=duration', file],
    ]);
    const { streams, format } = JSON.parse(probed.stdout);
    expect(streams).toEqual([
      expect.objectContaining({ codec_name: 'h264', ...SIZE }),
      expect.objectContaining({ codec_name: 'aac' }),
    ]);
    const seconds = (Date.parse(done.stopped_time!) - Date.parse(done.started_time!)) / 1000;
    expect(Number(streams[0].nb_read_frames)).toBeGreaterThan(seconds * 10);
    expect(Math.abs(Number(format.duration) - seconds)).toBeLessThan(1);
    expect(Math.abs(done.recording_duration! - Number(format.duration))).toBeLessThan(1);
    // The beeps of the fake microphone.
    const { stderr } = await run('ffmpeg', ['-i', file, '-af', 'volumedetect', '-vn', '-f', 'null', '-']);
    expect(Number(/max_volume: (-?[\d.]+) dB/.exec(stderr)?.[1])).toBeGreaterThan(-40);

    // Mary's fake camera is green, Tom's is blue, his screen is yellow.
    const pictures = await picturesOf(file, 4, { width: 64, height: 36 });
    const layouts = pictures.map(layoutOf);
    let from = 0;
    // Tiles come and go in between, as they do for everybody.
    for (const layout of ['side by side', 'Tom pinned', 'his screen', 'Mary alone'] as const) {
      from = layouts.indexOf(layout, from);
      expect(from, `${layout} in ${layouts}`).not.toBe(-1);
    }
    expect(layouts.at(-1)).toBe('Mary alone');
    for (const picture of await picturesOf(file, 0.25, SIZE)) {
      const { left, top, right, bottom } = picture.bounds('red')!;
      const [farRight, farBottom] = [SIZE.width - MARGIN_PX - 1, SIZE.height - MARGIN_PX - 1];
      for (const [edge, expected] of [
        [left, farRight - WATERMARK.width + 1],
        [top, farBottom - WATERMARK.height + 1],
        [right, farRight],
        [bottom, farBottom],
      ] as const)
        expect(Math.abs(edge - expected)).toBeLessThanOrEqual(BLUR_PX);
    }

    expect((await reached(next, 'UPLOADED')).file_size).toBeGreaterThan(0);
    const statusesOf = (recording: string) =>
      receiver.arrivals
        .map(({ body }) => JSON.parse(body.toString()).recording)
        .filter(({ id }) => id === recording)
        .map(({ status }) => status);
    for (const recording of [id, next]) {
      await until('the end was told', () => statusesOf(recording).length >= 4);
      expect(statusesOf(recording)).toEqual(['INVOKED', 'RECORDING', 'UPLOADING', 'UPLOADED']);
    }
    expect(tookMs(begun)).toBeLessThan(20_000);
    expect(tookMs(nextBegun)).toBeLessThan(10_000);
  });
});

const pinned = (host: Person, other: Person, isPinned: boolean) =>
  host.attempt(
    async ({ id, isPinned }) => {
      const participant = window.meeting.participants.joined.toArray().find(({ userId }) => userId === id)!;
      await (isPinned ? participant.pin() : participant.unpin());
    },
    { id: other.id, isPinned },
  );

/** A camera of one colour, and a screen of another one that is chosen when it is asked for. */
async function sendsColours(person: Person): Promise<void> {
  const outcome = await person.attempt(async () => {
    const paint = (colour: string) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
      const picture = canvas.getContext('2d')!;
      setInterval(() => {
        picture.fillStyle = colour;
        picture.fillRect(0, 0, canvas.width, canvas.height);
      }, 50);
      return canvas.captureStream(20).getVideoTracks()[0]!;
    };
    navigator.mediaDevices.getDisplayMedia = async () => new MediaStream([paint('#e0d000')]);
    await window.meeting.self.enableVideo(paint('#0040e0'));
  });
  expect(outcome).toEqual({ ok: true });
}

/** Which of the layouts a picture shows; null for one on the way from one to the next. */
function layoutOf(picture: Picture): 'side by side' | 'Tom pinned' | 'his screen' | 'Mary alone' | null {
  const [mary, tom, screen] = [picture.share('green'), picture.share('blue'), picture.share('yellow')];
  if (screen > 0.3) return 'his screen';
  if (tom > 0.4 && tom > 2 * mary) return 'Tom pinned';
  if (screen > 0.01) return null;
  if (tom > 0.15 && mary > 0.1) return 'side by side';
  if (tom < 0.01 && mary > 0.1) return 'Mary alone';
  return null;
}

/** A watermark as it has to be: an image itself, that other sites may read (features.md RC24). */
async function serveRedImage(): Promise<Server> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'image/svg+xml', 'access-control-allow-origin': '*' });
    response.end(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><rect width="2" height="1" fill="#f00"/></svg>',
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}
