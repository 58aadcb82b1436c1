import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RoomEvent, toClient } from '@parley/wire';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';
import { type Livestream, type LivestreamStage, startLivestreamStage } from './stage.js';

const run = promisify(execFile);
const ffmpegIsInstalled = existsSync('/usr/bin/ffmpeg');

describe.skipIf(!serverIsBuilt || !ffmpegIsInstalled)('what encoders send', () => {
  let stage: LivestreamStage;
  let rtmpPort: number;
  let rtmpsPort: number;
  let encoders: ChildProcess[] = [];
  beforeAll(async () => {
    [rtmpPort, rtmpsPort] = [await freePort(), await freePort()];
    stage = await startLivestreamStage({
      PARLEY_RTMP_PORT: String(rtmpPort),
      PARLEY_RTMPS_PORT: String(rtmpsPort),
    });
  });
  afterEach(() => {
    for (const encoder of encoders) encoder.kill('SIGKILL');
    encoders = [];
  });
  afterAll(() => stage?.dispose());

  async function call(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; data: Livestream }> {
    const { account_id, app_id } = stage.scope;
    const { httpUrl, apiToken } = stage.parley;
    const answer = await fetch(`${httpUrl}/client/v4/accounts/${account_id}/realtime/kit/${app_id}/${path}`, {
      method,
      headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, data: (await answer.json()).data };
  }
  const create = async (name: string) => (await call('POST', 'livestreams', { name })).data;

  /** An encoder at work, as OBS or ffmpeg is; `exited` tells its exit code. */
  function send(address: string): ChildProcess & { exited: Promise<number | null> } {
    const encoder = spawn(
      'ffmpeg',
      [
        ...['-nostdin', '-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=25'],
        ...['-re', '-f', 'lavfi', '-i', 'sine=frequency=440'],
        ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
        ...(address.startsWith('rtmps') ? ['-tls_verify', '1', '-ca_file', authority()] : []),
        ...['-f', 'flv', address],
      ],
      { stdio: 'ignore' },
    );
    encoders.push(encoder);
    const exited = once(encoder, 'exit').then(([code]) => code as number | null);
    return Object.assign(encoder, { exited });
  }
  const authority = () => join(stage.parley.dataDir, 'tls', 'ca.pem');
  const sendInto = ({ ingest_server, stream_key }: Pick<Livestream, 'ingest_server' | 'stream_key'>) =>
    send(`${ingest_server}${stream_key}`);
  const statusesOf = (id: string) => stage.updatesOf(id).map(({ status }) => status);

  test('into a livestream of its own is watched as HLS as it was sent, until the encoder goes (LS02, LS03, WP07)', async () => {
    const { status, data: livestream } = await call('POST', 'livestreams', { name: 'own' });
    expect(status).toBe(201);
    expect(livestream).toMatchObject({
      name: 'own',
      meeting_id: null,
      status: 'IDLE',
      disabled: false,
      ingest_server: `rtmps://localhost:${rtmpsPort}/live/`,
    });
    expect((await stage.play(livestream.playback_url)).status).toBe(404);
    const encoder = sendInto(livestream);
    await stage.reached(livestream.id, 'LIVE');

    const { pathname } = new URL(livestream.playback_url);
    const { stdout } = await run('ffprobe', [
      ...['-v', 'error', '-of', 'json', '-count_frames', '-read_intervals', '%+1'],
      ...['-show_entries', 'stream=codec_name,width,height,nb_read_frames'],
      `${stage.parley.httpUrl}${pathname}`,
    ]);
    const { streams } = JSON.parse(stdout);
    expect(streams).toContainEqual(expect.objectContaining({ codec_name: 'h264', width: 320, height: 180 }));
    expect(streams).toContainEqual(expect.objectContaining({ codec_name: 'aac' }));
    expect(Number(streams[0].nb_read_frames)).toBeGreaterThan(10);

    // A second one with the same key does not get in between.
    expect(await sendInto(livestream).exited).not.toBe(0);
    encoder.kill('SIGINT');
    await stage.reached(livestream.id, 'IDLE');
    const { session } = await stage.of(livestream.id);
    expect(session).toMatchObject({ err_message: null, stopped_time: expect.any(String) });
    const liveMs = Date.parse(session.stopped_time) - Date.parse(session.started_time);
    expect(liveMs).toBeGreaterThan(0);
    expect(session.ingest_seconds).toBe(Math.round(liveMs / 1000));
    await until('the webhooks are there', () => statusesOf(livestream.id).length === 3);
    expect(statusesOf(livestream.id)).toEqual(['IDLE', 'LIVE', 'OFFLINE']);
    expect(stage.updatesOf(livestream.id)[1]).toMatchObject({
      manualIngest: true,
      ingestServer: livestream.ingest_server,
      streamKey: livestream.stream_key,
      playbackUrl: livestream.playback_url,
      meeting: null,
    });
    await until('players are told that it is over', async () =>
      (await (await stage.play(livestream.playback_url)).text()).includes('#EXT-X-ENDLIST'),
    );
  });

  test('with a wrong key, with that of a disabled one, or with an old one goes nowhere, by RTMP as well', async () => {
    const livestream = await create('guarded');
    const plain = `rtmp://localhost:${rtmpPort}/live/`;
    expect(await send(`${plain}${'0'.repeat(64)}`).exited).not.toBe(0);
    const cutOff = send(`${plain}${livestream.stream_key}`);
    await stage.reached(livestream.id, 'LIVE');
    expect((await call('PUT', `livestreams/${livestream.id}/disable`)).data.disabled).toBe(true);
    expect(await cutOff.exited).not.toBe(0);
    await stage.reached(livestream.id, 'IDLE');
    expect(await sendInto(livestream).exited).not.toBe(0);
    expect((await call('PUT', `livestreams/${livestream.id}/enable`)).data.disabled).toBe(false);
    const { data: renewed } = await call('POST', `livestreams/${livestream.id}/reset-stream-key`);
    expect(renewed.stream_key).not.toBe(livestream.stream_key);
    expect(await sendInto(livestream).exited).not.toBe(0);
    sendInto(renewed);
    await stage.reached(livestream.id, 'LIVE');
    expect(renewed.playback_url).toBe(livestream.playback_url);
  });

  test('is no RTMP, or nothing at all, and holds up nobody', async () => {
    const livestream = await create('beside');
    const noise = Array.from({ length: 10 }, () => connect(rtmpPort, '127.0.0.1').on('error', () => {}));
    for (const socket of noise) socket.resume().write(Buffer.alloc(64 * 1024, 3));
    await until('they are cut off', () => noise.every(({ closed }) => closed));
    let encoder = sendInto(livestream);
    await until('an encoder is let in as soon as there is room', async () => {
      if (encoder.exitCode !== null) encoder = sendInto(livestream);
      return (await stage.of(livestream.id)).livestream.status === 'LIVE';
    });
    expect((await fetch(`${stage.parley.httpUrl}/readyz`)).status).toBe(200);
  });

  test('into a meeting is what its people watch, until they stop it (LS07, S44)', async () => {
    const meeting = await stage.backend.newMeeting();
    const socket = await stage.rawSocket(await stage.invite(meeting, 'Hal', 'livestream_host'));
    await socket.join('Hal');
    const { data: livestream } = await call('POST', `meetings/${meeting}/livestreams`, {
      manual_ingest: true,
    });
    expect(livestream).toMatchObject({ status: 'INVOKED', manual_ingest: true });
    const encoder = sendInto(livestream);
    await stage.reached(livestream.id, 'LIVE');
    const told = socket.frames.filter(({ event }) => event === RoomEvent.startedLivestream);
    expect(told.map(({ payload }) => toClient.decode(RoomEvent.startedLivestream, payload))).toMatchObject([
      { playbackUrl: livestream.playback_url, manualIngest: true },
    ]);
    expect((await stage.play(livestream.playback_url)).status).toBe(200);
    await stage.stop(meeting);
    expect(await encoder.exited).not.toBe(0);
    await until('the webhooks are there', () => statusesOf(livestream.id).length === 3);
    expect(statusesOf(livestream.id)).toEqual(['IDLE', 'LIVE', 'OFFLINE']);
    // Nobody waits for it any more.
    expect(await sendInto(livestream).exited).not.toBe(0);
  });

  test('when the server is killed is over with it, but in a meeting goes on when the encoder comes again (LS01)', async () => {
    const meeting = await stage.backend.newMeeting();
    await stage.enter(meeting, 'Hal', 'livestream_host');
    const { data: shown } = await call('POST', `meetings/${meeting}/livestreams`, { manual_ingest: true });
    const livestream = await create('crash');
    const sending = [sendInto(livestream), sendInto(shown)];
    await Promise.all([stage.reached(livestream.id, 'LIVE'), stage.reached(shown.id, 'LIVE')]);
    await stage.parley.kill();
    for (const encoder of sending) expect(await encoder.exited).not.toBe(0);
    await stage.parley.start();
    sendInto(shown);
    await until('it goes on', () => statusesOf(shown.id).length === 4, 40_000);
    expect(statusesOf(shown.id)).toEqual(['IDLE', 'LIVE', 'IDLE', 'LIVE']);
    await until('what is new follows what there was', async () =>
      /segment-000000.ts\n(.*\n)*#EXT-X-DISCONTINUITY\n(.*\n)*.*segment-/.test(
        await (await stage.play(shown.playback_url)).text(),
      ),
    );
    await stage.reached(livestream.id, 'ERRORED');
    expect((await stage.of(livestream.id)).session).toMatchObject({
      err_message: 'The server was started again during the livestream',
      stopped_time: expect.any(String),
    });
    await until('the end was told', () => statusesOf(livestream.id).length === 3);
    expect(statusesOf(livestream.id)).toEqual(['IDLE', 'LIVE', 'OFFLINE']);
    sendInto(livestream);
    await stage.reached(livestream.id, 'LIVE');
  });
});
