import { setTimeout as sleep } from 'node:timers/promises';
import { RoomEvent, room } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type OwnDatabase } from '../support/database.js';
import { serverIsBuilt } from '../support/parley-process.js';
import type { RawSocket } from '../support/raw-socket.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';
import { gauge } from './metrics.js';

const TALKERS = 4;
/** The largest broadcast is 64 KiB; each talker may send ten in a second. */
const BROADCAST_BYTES = 60_000;
const BETWEEN_BROADCASTS_MS = 120;
const READERS = 3;
const MIB = 1024 * 1024;
/** What the server may keep for one reader before it drops it, and something for the garbage collector. */
const GROWTH_MAX_BYTES = READERS * 8 * MIB + 80 * MIB;

describe.skipIf(!serverIsBuilt)('clients that do not read', () => {
  let database: OwnDatabase;
  let stage: SessionStage;
  beforeAll(async () => {
    database = await createDatabase();
    const env = { DATABASE_URL: database.url, PARLEY_RECONNECT_GRACE_MS: '1000' };
    stage = await startSessionStage({ env });
  });
  afterAll(async () => {
    await stage?.dispose();
    await database?.drop();
  });

  const joined = async (meeting: string, name: string): Promise<RawSocket> => {
    const socket = await stage.rawSocket(await stage.invite(meeting, name));
    expect(await socket.join(name)).toBeNull();
    return socket;
  };

  test('are dropped when too much waits for them, and nobody else notices (S25)', async () => {
    const loud = await stage.backend.newMeeting();
    const talkers: RawSocket[] = [];
    for (let index = 0; index < TALKERS; index++) talkers.push(await joined(loud, `Talker ${index}`));
    const readers: RawSocket[] = [];
    for (let index = 0; index < READERS; index++) readers.push(await joined(loud, `Reader ${index}`));
    const listener = await joined(loud, 'Listener');
    const before = await gauge(stage, 'process_resident_memory_bytes');
    for (const reader of readers) reader.socket.pause();

    const payload = Buffer.from(JSON.stringify('x'.repeat(BROADCAST_BYTES)));
    const broadcast = room.BroadcastMessage.fromPartial({ type: 'noise', payload });
    let talking = true;
    let sent = 0;
    let peak = before;
    const talk = talkers.map(async (talker) => {
      while (talking) {
        if ((await talker.refusalOf(RoomEvent.broadcastMessage, broadcast)) === null) sent++;
        await sleep(BETWEEN_BROADCASTS_MS);
      }
    });
    await until(
      'those who do not read are out',
      async () => {
        peak = Math.max(peak, await gauge(stage, 'process_resident_memory_bytes'));
        return (await stage.activeSession(loud))?.live_participants === TALKERS + 1;
      },
      60_000,
    );
    talking = false;
    await Promise.all(talk);
    expect(peak - before).toBeLessThan(GROWTH_MAX_BYTES);
    expect(await listener.refusalOf(RoomEvent.getRoomInfo)).toBeNull();
    const heard = listener.frames.filter(({ event }) => event === RoomEvent.broadcastMessage).length;
    expect(heard).toBe(sent);
  });
});
