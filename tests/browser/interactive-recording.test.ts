import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type Hls from 'hls.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Person, type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { picturesOf } from '../support/pictures.js';

const run = promisify(execFile);
const ffmpegIsInstalled = existsSync('/usr/bin/ffmpeg');
const HLS_JS = readFileSync(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'));
const PLAYER =
  '<!doctype html><link rel="icon" href="data:,"><script src="hls.js"></script><video muted></video>';
const SIZE = { width: 320, height: 180 };
/** Between two messages; twice this and the beginning are more than one segment of ten seconds. */
const APART_MS = 5_000;
const PICTURES_PER_SECOND = 10;
/** From the message to its picture on the recorder's page: a quarter of a second, and more on a machine that is busy. */
const SEEN_WITHIN_S = 2;

/** A cue as players get it, in seconds of what they play. */
interface PlayedCue {
  at: number;
  data: string;
}

declare global {
  interface Window {
    paint(colour: string): void;
    played: PlayedCue[];
    /** How many segments. */
    buffered: number;
    Hls: typeof Hls;
  }
}

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt || !ffmpegIsInstalled)(
  'an interactive recording',
  () => {
    let stage: Stage;
    let site: Server | undefined;
    beforeAll(async () => {
      stage = await setUpStage();
    });
    afterAll(async () => {
      site?.close();
      await stage?.dispose();
    });

    test('gives players what was broadcast at the moment of the picture that was seen then, pauses left out (RC40, T12)', async () => {
      const { client, accountId: account_id, appId: app_id } = stage.backend;
      const { recordings } = client.realtimeKit;
      const meeting_id = await stage.backend.newMeeting();
      const mary = await stage.enter(meeting_id, 'Mary', 'group_call_host', { audio: true, video: false });
      await showsColour(mary);
      const { data } = await recordings.startRecordings(app_id, {
        account_id,
        meeting_id,
        interactive_config: { type: 'ID3' },
        video_config: SIZE,
      });
      const { id } = data!;
      const reached = (status: 'RECORDING' | 'UPLOADED') => stage.backend.recordingReached(id, status);
      await reached('RECORDING');
      await passes(APART_MS);
      await says(mary, { goal: 'München' }, '#e0d000');
      await recordings.pauseResumeStopRecording(id, { account_id, app_id, action: 'pause' });
      await passes(1_000);
      await recordings.pauseResumeStopRecording(id, { account_id, app_id, action: 'resume' });
      await passes(APART_MS);
      await says(mary, 'second', '#0040e0');
      await says(mary, 'CLOSE_TRANSPORT');
      await says(mary, 'too late');
      await passes(2_000);
      await recordings.pauseResumeStopRecording(id, { account_id, app_id, action: 'stop' });
      const done = await reached('UPLOADED');

      expect(done.output_file_name).toMatch(/\.tar$/);
      const folder = await unpack(done.download_url!);
      const playlist = await readFile(join(folder, 'out.m3u8'), 'utf8');
      const lengths = [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => Number(seconds));
      expect(lengths.length).toBeGreaterThan(1);
      // A segment ends with a key frame, of which there is one every two seconds.
      for (const seconds of lengths.slice(0, -1)) expect(Math.abs(seconds - 10)).toBeLessThan(4);
      const { stdout } = await run('ffprobe', [
        ...['-v', 'error', '-of', 'csv=p=0', '-show_entries', 'stream=codec_name'],
        join(folder, 'out0000.ts'),
      ]);
      expect(new Set(stdout.trim().split(/[,\s]+/))).toEqual(new Set(['h264', 'aac', 'timed_id3']));

      const cues = await played(folder, lengths.length);
      expect(cues.map(({ data }) => data)).toEqual(['{"goal":"München"}', 'second']);
      const pictures = await picturesOf(join(folder, 'out.m3u8'), PICTURES_PER_SECOND, {
        width: 32,
        height: 18,
      });
      const [yellow, blue] = [
        pictures.map((one) => one.share('yellow')),
        pictures.map((one) => one.share('blue')),
      ];
      const turnedYellow = yellow.findIndex((share) => share > 0.2);
      const turnedBlue = blue.findIndex((share, index) => index > turnedYellow && share > 0.2);
      const seen = [turnedYellow, turnedBlue].map((index) => index / PICTURES_PER_SECOND);
      expect(Math.min(...seen)).toBeGreaterThan(0);
      for (const [index, { at }] of cues.entries()) {
        expect(Math.abs(at - seen[index]!), JSON.stringify({ cues, seen })).toBeLessThan(SEEN_WITHIN_S);
      }
    });

    async function unpack(downloadUrl: string): Promise<string> {
      // The name of the link is the SDK's own host, whose certificate Node does not trust.
      const link = new URL(downloadUrl);
      const tar = await fetch(`${stage.parley.httpUrl}${link.pathname}${link.search}`);
      const folder = join(stage.parley.dataDir, 'unpacked');
      await mkdir(folder);
      await writeFile(`${folder}.tar`, Buffer.from(await tar.arrayBuffer()));
      await run('tar', ['-xf', `${folder}.tar`, '-C', folder]);
      return folder;
    }

    /** What hls.js finds in the segments. Of its text track Chromium drops what hls.js adds while that still loads. */
    async function played(folder: string, segments: number): Promise<PlayedCue[]> {
      site = createServer((request, response) => {
        const name = request.url!.slice(1);
        if (name === '') response.setHeader('content-type', 'text/html').end(PLAYER);
        else response.end(name === 'hls.js' ? HLS_JS : readFileSync(join(folder, name)));
      });
      await new Promise<void>((listening) => site!.listen(0, '127.0.0.1', listening));
      const page = await stage.browser.newPage();
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
      await page.evaluate(() => {
        const hls = new window.Hls();
        const video = document.querySelector('video')!;
        const buffered = new Set<unknown>();
        window.played = [];
        // A picture that stood still leaves holes between segments, which only a player that plays goes over.
        hls.on(window.Hls.Events.FRAG_BUFFERED, (_, { frag }) => {
          buffered.add(frag.sn);
          window.buffered = buffered.size;
          video.currentTime = frag.end + 1;
        });
        hls.on(window.Hls.Events.FRAG_PARSING_METADATA, (_, { samples }) => {
          for (const { pts, data } of samples) {
            const [, text] = /ID3Data\0(.*)\0/.exec(new TextDecoder().decode(data)) ?? [];
            if (!window.played.some(({ at }) => at === pts))
              window.played.push({ at: pts, data: text ?? '' });
          }
        });
        hls.loadSource('out.m3u8');
        hls.attachMedia(video);
      });
      await page.waitForFunction((segments) => window.buffered === segments, segments);
      const cues = await page.evaluate(() => window.played);
      await page.close();
      return cues;
    }
  },
);

const passes = (ms: number) => new Promise((passed) => setTimeout(passed, ms));

/** A camera of one colour, blue until it is painted. */
async function showsColour(person: Person): Promise<void> {
  const outcome = await person.attempt(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
    const picture = canvas.getContext('2d')!;
    let colour = '#0040e0';
    window.paint = (next) => {
      colour = next;
    };
    setInterval(() => {
      picture.fillStyle = colour;
      picture.fillRect(0, 0, canvas.width, canvas.height);
    }, 50);
    await window.meeting.self.enableVideo(canvas.captureStream(20).getVideoTracks()[0]!);
  });
  expect(outcome).toEqual({ ok: true });
}

/** Broadcasts it, and shows a colour from the same moment on. */
async function says(person: Person, data: unknown, colour: string | null = null): Promise<void> {
  const outcome = await person.attempt(
    async ({ data, colour }) => {
      if (colour !== null) window.paint(colour);
      await window.meeting.participants.broadcastMessage('ID3Data', data as never);
    },
    { data, colour },
  );
  expect(outcome).toEqual({ ok: true });
}
