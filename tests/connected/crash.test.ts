import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isBackIn } from '../faults/back-in.js';
import { seededRandom } from '../faults/random.js';
import { createDatabase, type OwnDatabase } from '../support/database.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.js';
import { COMES_BACK, type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';
import { Person } from './person.js';

const SEED = 20_261_123;
const RANDOM_ROUNDS = 3;
const LONGEST_DELAY_MS = 40;

describe.skipIf(!serverIsBuilt)('kill -9 on the way between connected meetings', () => {
  let database: OwnDatabase;
  let proxy: PostgresProxy;
  let stage: SessionStage;

  beforeAll(async () => {
    database = await createDatabase();
    proxy = await startPostgresProxy(database.url);
    stage = await startSessionStage({
      env: { DATABASE_URL: proxy.url, PARLEY_RECONNECT_GRACE_MS: '20000' },
    });
  });
  afterAll(async () => {
    await stage?.dispose();
    await proxy?.close();
    await database?.drop();
  });

  async function familyWith(...names: string[]) {
    const main = await stage.backend.newMeeting();
    const enter = (name: string, preset?: string) =>
      Person.enter(stage, main, name, preset, { reconnect: COMES_BACK });
    const host = await enter('Host', 'group_call_host');
    const guests: Person[] = [];
    for (const name of names) guests.push(await enter(name));
    const [red, blue] = (await host.createRooms('Red', 'Blue')) as [string, string];
    const { id: sessionId } = (await stage.activeSession(main))!;
    return { main, red, blue, host, guests, sessionId };
  }
  /** In which of the meetings each participant is, by the database. */
  const whereAre = async (people: Person[]) => {
    const rows = await database.rows<{ participant_id: string; meeting_id: string }>(
      `select p.participant_id, s.meeting_id from session_peers p join sessions s on s.id = p.session_id
        where p.left_at is null and s.status = 'LIVE' and p.participant_id = any($1)`,
      [people.map(({ id }) => id)],
    );
    return people.map(({ id }) =>
      rows.filter((row) => row.participant_id === id).map((row) => row.meeting_id),
    );
  };
  const crash = async () => {
    await stage.parley.kill();
    await stage.parley.start();
  };

  test('before the commit of a move: everybody is where he was, in the same session (B04, L04)', async () => {
    const { main, red, host, guests, sessionId } = await familyWith('Ann', 'Tom');
    const atCommit = proxy.hold('before commit', 'connected_places');
    const answer = host.move(main, red, ...guests).then(
      () => 'moved',
      () => 'no answer',
    );
    const held = await atCommit;
    await stage.parley.kill();
    held.break();
    expect(await answer).toBe('no answer');
    await stage.parley.start();
    for (const person of [host, ...guests]) await isBackIn(person.peer, sessionId);
    expect(await whereAre(guests)).toEqual([[main], [main]]);
    expect((await stage.activeSession(main))?.id).toBe(sessionId);
    await host.move(main, red, ...guests);
    for (const guest of guests) await guest.isIn(red);
  });

  test('after the commit of a move and before anybody is told: they go, once each (B04, B05)', async () => {
    const { main, red, host, guests, sessionId } = await familyWith('Ann', 'Tom');
    const atCommit = proxy.hold('after commit', 'connected_places');
    void host.move(main, red, ...guests).catch(() => undefined);
    const held = await atCommit;
    await stage.parley.kill();
    held.break();
    await stage.parley.start();
    for (const guest of guests) await guest.isIn(red);
    await isBackIn(host.peer, sessionId);
    expect(await whereAre([host, ...guests])).toEqual([[main], [red], [red]]);
    expect(guests.map(({ journey }) => journey)).toEqual([[red], [red]]);
    expect((await stage.activeSession(main))?.id).toBe(sessionId);
    const list = await host.rooms();
    expect(list.meetings.map(({ participants }) => participants.length)).toEqual([2, 0]);
  });

  test('a room was closed and its people are still in: they go back to the main room (B08)', async () => {
    const { main, red, host, guests } = await familyWith('Ann');
    await host.move(main, red, guests[0]!);
    await guests[0]!.isIn(red);
    const atCommit = proxy.hold('after commit', 'closed_at');
    void host.deleteRooms(red).catch(() => undefined);
    const held = await atCommit;
    await stage.parley.kill();
    held.break();
    await stage.parley.start();
    await guests[0]!.isIn(main);
    expect(await whereAre(guests)).toEqual([[main]]);
    await until('the room has ended', async () => (await stage.activeSession(red)) === null);
    expect((await host.rooms()).meetings).toMatchObject([{ title: 'Blue' }]);
  });

  test('the main room has ended and its rooms not yet: they end as well (S32, E11)', async () => {
    const { main, red, host, guests } = await familyWith('Ann', 'Tom');
    await host.move(main, red, guests[0]!);
    await guests[0]!.isIn(red);
    const atCommit = proxy.hold('after commit', 'SessionEnded');
    host.peer.kickAll();
    const held = await atCommit;
    await stage.parley.kill();
    held.break();
    await stage.parley.start();
    for (const person of [host, ...guests]) await person.peer.reached('ended');
    expect(await stage.activeSession(red)).toBeNull();
    expect(await stage.activeSession(main)).toBeNull();
  });

  test(`at moments that seed ${SEED} picks: everybody is in exactly one meeting (B04)`, async () => {
    const random = seededRandom(SEED);
    const { main, red, blue, host, guests, sessionId } = await familyWith('Ann', 'Tom', 'Eve');
    const meetings = [main, red, blue];
    let places = guests.map(() => main);
    for (let round = 0; round < RANDOM_ROUNDS; round++) {
      const moves = guests.map((guest, index) => {
        const from = places[index]!;
        const to = meetings.filter((one) => one !== from)[Math.floor(random() * 2)]!;
        return host.move(from, to, guest).then(
          () => to,
          () => null,
        );
      });
      await sleep(random() * LONGEST_DELAY_MS);
      await crash();
      const acknowledged = await Promise.all(moves);
      await isBackIn(host.peer, sessionId);
      // Media joins of those who came back take seconds more, and are not what is looked at here.
      const isIn = ({ state }: Person['peer']) => state === 'joined' || state === 'joining';
      const settled = await until('everybody is in', async () => {
        const where = await whereAre(guests);
        return guests.every(({ peer }, i) => isIn(peer) && where[i]?.[0] === peer.meetingId) && where;
      });
      for (const [index, at] of settled.entries()) {
        expect(at, `${guests[index]!.name} in round ${round}`).toHaveLength(1);
        if (acknowledged[index]) expect(at[0], `acknowledged in round ${round}`).toBe(acknowledged[index]);
      }
      places = settled.map(([at]) => at!);
    }
    host.peer.kickAll();
    for (const person of [host, ...guests]) await person.peer.reached('ended');
  });
});
