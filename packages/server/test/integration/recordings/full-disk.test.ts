import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HeadlessPeer } from '@parley/headless';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Microphone } from '../../../../../tests/support/microphone.js';
import { RawSocket } from '../../../../../tests/support/raw-socket.js';
import { mayMount, SmallDisk } from '../../../../../tests/support/small-disk.js';
import { RECORDER_LIMITS } from '../../../src/recorders/limits.js';
import { RecordingDisk } from '../../../src/recordings/disk.js';
import { clearWorkFolders } from '../../../src/recordings/taking-over.js';
import { type LiveServer, startLiveServer } from '../../support/live-server.js';

const run = promisify(execFile);
const FAKE_RECORDER = fileURLToPath(
  new URL('../../../../../tests/support/fake-recorder.mjs', import.meta.url),
);
/** Long enough for a test to make room in between, short enough to wait for. */
const DISK_RETRY_MS = 1_000;
/** Of what `Microphone` sends. */
const TONE_BYTES_PER_SECOND = 3_000;
const FULL = 'The disk of the server is full';

if (!mayMount)
  console.warn('Recordings on a full disk are not tested: this account may not mount a file system');

interface View {
  status: string;
  err_message?: string;
  stop_reason?: { reason: string; detail: string };
  download_url: unknown;
}

/** A real server and a real media worker, whose data folder is a file system of 8 MB. */
describe.skipIf(!mayMount)('a disk that is full in the middle of a recording', () => {
  let disk: SmallDisk;
  let server: LiveServer;
  const open: { drop(): void }[] = [];
  const microphones: Microphone[] = [];

  beforeAll(async () => {
    disk = SmallDisk.mount(8 * 1024);
    const env = { PARLEY_DATA_DIR: disk.folder, PARLEY_RECORDER: FAKE_RECORDER, PARLEY_MEDIA_WORKERS: '1' };
    const limits = { ...RECORDER_LIMITS, diskRetryMs: DISK_RETRY_MS };
    server = await startLiveServer(env, { recordings: { limits }, mediaPool: undefined });
  });
  afterEach(() => disk.free());
  afterAll(async () => {
    for (const microphone of microphones) microphone.close();
    for (const one of open) one.drop();
    await server?.close();
    disk?.unmount();
  });

  const kit = () => server.client.realtimeKit;
  const scope = () => ({ account_id: server.accountId, app_id: server.appId });
  const read = async (id: string) =>
    (await kit().recordings.getOneRecording(id, scope())).data as unknown as View;
  const reached = (id: string, status: string) =>
    vi.waitFor(
      async () => {
        const now = await read(id);
        expect(now).toMatchObject({ status });
        return now;
      },
      { timeout: 20_000, interval: 50 },
    );
  const download = async (link: string) =>
    Buffer.from(await (await fetch(link.replace(/^https:\/\/[^/]+/, server.httpUrl))).arrayBuffer());

  /** Records somebody who speaks for more than a second; then no byte more can be written. */
  async function recordTracksUntilFull(): Promise<string> {
    const meeting = await server.newMeeting();
    const { token } = await server.addParticipant(meeting, { preset_name: 'group_call_host' });
    const socket = await RawSocket.open(server.socketUrl, token);
    open.push(socket);
    expect(await socket.join('Ann')).toBeNull();
    microphones.push(await Microphone.open(socket));
    const { data } = await kit().recordings.startTrackRecording(server.appId, {
      account_id: server.accountId,
      meeting_id: meeting,
    });
    const { id } = (data as unknown as { recording: { id: string } }).recording;
    await reached(id, 'RECORDING');
    await vi.waitFor(async () => expect(await bytesUnderWay(id)).toBeGreaterThan(2 * TONE_BYTES_PER_SECOND), {
      timeout: 20_000,
      interval: 50,
    });
    disk.fill();
    return id;
  }

  async function bytesUnderWay(id: string): Promise<number> {
    const folder = join(disk.folder, 'recordings/under-way', id, '0');
    const files = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name))));
    return files.reduce((sum, { size }) => sum + size, 0);
  }

  async function soundOf(view: View): Promise<{ durationMs: number; meanVolumeDb: number }> {
    const [layer] = view.download_url as { download_urls: Record<string, { download_url: string }> }[];
    const [file, ...others] = Object.values(layer!.download_urls);
    expect(others).toEqual([]);
    const path = join(disk.folder, 'heard.webm');
    await writeFile(path, await download(file!.download_url));
    const { stderr } = await run('ffmpeg', ['-i', path, '-af', 'volumedetect', '-f', 'null', '-']);
    const [, minutes, seconds] = [...stderr.matchAll(/time=\d+:(\d+):([\d.]+)/g)].at(-1)!;
    return {
      durationMs: (Number(minutes) * 60 + Number(seconds)) * 1000,
      meanVolumeDb: Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr)![1]),
    };
  }

  it('stops the recording of tracks, and its files are made when there is room again', async () => {
    const id = await recordTracksUntilFull();
    const stopped = await reached(id, 'UPLOADING');
    expect(stopped.stop_reason).toMatchObject({ reason: 'INTERNAL_ERROR', detail: 'disk_full' });
    disk.free();
    const sound = await soundOf(await reached(id, 'UPLOADED'));
    expect(sound.durationMs).toBeGreaterThan(1_000);
    expect(sound.meanVolumeDb).toBeGreaterThan(-30);
  });

  it('and stays so leaves the recording of tracks ERRORED, with what was written to be fetched', async () => {
    const id = await recordTracksUntilFull();
    const failed = await reached(id, 'ERRORED');
    expect(failed).toMatchObject({ err_message: FULL, stop_reason: { detail: 'disk_full' } });
    disk.free();
    const sound = await soundOf(failed);
    expect(sound.durationMs).toBeGreaterThan(1_000);
    expect(sound.meanVolumeDb).toBeGreaterThan(-30);
  });

  /** The recorder of the tests: its own on such a disk is tested in `packages/recorder`. */
  async function captureUntilFull(): Promise<string> {
    const meeting = await server.newMeeting();
    const { token } = await server.addParticipant(meeting, { preset_name: 'group_call_host' });
    const peer = new HeadlessPeer({ url: server.socketUrl, token });
    open.push(peer);
    await peer.connect();
    await peer.join();
    const { data } = await kit().recordings.startRecordings(server.appId, {
      account_id: server.accountId,
      meeting_id: meeting,
      file_name_prefix: 'fills_disk',
    });
    return data!.id;
  }

  it('stops a recorder, and its file is made when there is room again', async () => {
    const id = await captureUntilFull();
    const stopped = await reached(id, 'UPLOADING');
    expect(stopped.stop_reason).toMatchObject({ reason: 'INTERNAL_ERROR', detail: 'disk_full' });
    disk.grow(16 * 1024);
    expect(await reached(id, 'UPLOADED')).toMatchObject({ download_url: expect.any(String) });
    // What was captured goes a moment later, and a disk cannot shrink below what it holds.
    await expect.poll(() => readdir(join(disk.folder, 'recordings', 'under-way'))).not.toContain(id);
    disk.grow(8 * 1024);
  });

  it('and stays so leaves a recording ERRORED, with what was captured to be fetched', async () => {
    const id = await captureUntilFull();
    const failed = await reached(id, 'ERRORED');
    expect(failed).toMatchObject({ err_message: expect.stringContaining('ENOSPC') });
    const bytes = await download(failed.download_url as string);
    expect(bytes.length).toBeGreaterThan(1024 * 1024);
    expect(bytes.every((byte) => byte === 2)).toBe(true);

    // As a server leaves it that dies between the row and the move, and one that dies in the middle of a start.
    const root = join(disk.folder, 'recordings');
    const [name] = await readdir(join(root, 'done', id));
    const [left, unknown] = [id, randomUUID()].map((folder) => join(root, 'under-way', folder));
    for (const folder of [left!, unknown!]) await mkdir(folder);
    await rename(join(root, 'done', id, name!), join(left!, name!));
    await clearWorkFolders(server.database.db, await RecordingDisk.open(root));
    expect((await download(failed.download_url as string)).equals(bytes)).toBe(true);
    expect(await readdir(join(root, 'under-way'))).toEqual([]);
  });
});
