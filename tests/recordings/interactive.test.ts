import { RoomEvent, room } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import type { RawSocket } from '../support/raw-socket.js';
import { type RecordingStage, startRecordingStage } from './stage.js';

const INTERACTIVE = { interactive_config: { type: 'ID3' } } as const;

describe.skipIf(!serverIsBuilt)('an interactive recording', () => {
  let stage: RecordingStage;
  beforeAll(async () => {
    stage = await startRecordingStage();
  });
  afterAll(() => stage?.dispose());

  async function live() {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.rawSocket(await stage.invite(meeting, 'Mary', 'group_call_host'));
    await mary.join();
    return { meeting, mary };
  }

  /** Resolves once it is acknowledged. */
  async function broadcast(sender: RawSocket, payload: unknown): Promise<void> {
    const message = { type: 'ID3Data', payload: Buffer.from(JSON.stringify(payload)) };
    const refusal = await sender.refusalOf(
      RoomEvent.broadcastMessage,
      room.BroadcastMessage.fromPartial(message),
    );
    expect(refusal).toBeNull();
  }

  /** What the recorder was given to put into the tar. */
  async function metadataOf(id: string): Promise<{ atMs: number; text: string }[]> {
    const done = await stage.reached(id, 'UPLOADED');
    const tar = await fetch(done.download_url!);
    expect([tar.status, tar.headers.get('content-type')]).toEqual([200, 'application/x-tar']);
    return (await tar.json()) as { atMs: number; text: string }[];
  }

  test('takes what is broadcast as ID3Data while it records, with its times, and nothing after CLOSE_TRANSPORT (RC40, T12)', async () => {
    const { meeting, mary } = await live();
    const { id, output_file_name } = await stage.start(meeting, INTERACTIVE);
    expect(output_file_name).toMatch(new RegExp(`^${meeting}_\\d{13}\\.tar$`));
    await stage.reached(id, 'RECORDING');
    expect(stage.orderOf(id).output.video).toMatchObject({ codec: 'H264', interactive: true });
    const before = Date.now();
    await broadcast(mary, { score: [1, 0] });
    const after = Date.now();
    await stage.control(id, 'pause');
    await broadcast(mary, 'in the pause');
    await stage.control(id, 'resume');
    await broadcast(mary, 'on');
    await broadcast(mary, 'x'.repeat(20_000));
    await broadcast(mary, 'CLOSE_TRANSPORT');
    await broadcast(mary, 'too late');
    await stage.control(id, 'stop');
    const metadata = await metadataOf(id);
    expect(metadata.map(({ text }) => text)).toEqual(['{"score":[1,0]}', 'on']);
    expect(metadata[0]!.atMs).toBeGreaterThanOrEqual(before);
    expect(metadata[0]!.atMs).toBeLessThanOrEqual(after);
    expect(stage.parley.log()).toContain('Timed metadata is too long for a recording');
  });

  test('keeps what was acknowledged when the server is killed (RC40)', async () => {
    const { meeting, mary } = await live();
    const { id } = await stage.start(meeting, INTERACTIVE);
    await stage.reached(id, 'RECORDING');
    await broadcast(mary, 'first');
    await broadcast(mary, 'second');
    await stage.parley.kill();
    await stage.parley.start();
    expect((await metadataOf(id)).map(({ text }) => text)).toEqual(['first', 'second']);
  });
});
