import { setTimeout as sleep } from 'node:timers/promises';
import { RoomEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { COMES_BACK, type SessionStage, startSessionStage } from '../support/session-stage.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { isBackIn } from './back-in.js';
import { expectToldOnce } from './books.js';

/** The default is 30 s: a drop of 20 s is within it, one of 45 s is not (features.md S05, S06). */
const GRACE_MS = 2_000;
const SHORT_DROP_MS = GRACE_MS * (20 / 30);

describe.skipIf(!serverIsBuilt)('a socket that is lost', () => {
  let stage: SessionStage;
  let receiver: Receiver;
  let network: TcpProxy;
  beforeAll(async () => {
    stage = await startSessionStage({ env: { PARLEY_RECONNECT_GRACE_MS: String(GRACE_MS) } });
    network = await startTcpProxy(() => Number(new URL(stage.parley.httpUrl).port));
    receiver = await startReceiver(stage.backend);
  });
  afterAll(async () => {
    await stage?.dispose();
    await network?.close();
    await receiver?.close();
  });

  const throughNetwork = () => ({ url: `ws://127.0.0.1:${network.port}/ws`, reconnect: COMES_BACK });
  const countOf = (meeting: string, event: string) =>
    receiver.of(meeting).filter((arrival) => arrival.event === event).length;

  /** A host who watches, and a guest behind a network that can be cut. */
  async function twoPeople() {
    const meeting = await stage.backend.newMeeting();
    const watching = await stage.rawSocket(await stage.invite(meeting, 'Mary', 'group_call_host'));
    await watching.join('Mary');
    const tom = await stage.enter(meeting, 'Tom', 'group_call_participant', throughNetwork());
    const { id } = (await stage.activeSession(meeting))!;
    await watching.refusalOf(RoomEvent.getRoomInfo);
    return { meeting, watching, tom, id };
  }

  test('and comes back in time is the same peer, and nobody is told of anything (S05, L22)', async () => {
    const { meeting, watching, tom, id } = await twoPeople();
    const before = watching.frames.length;
    network.cut();
    await tom.reached('disconnected');
    await sleep(SHORT_DROP_MS);
    expect(await stage.activeSession(meeting)).toMatchObject({ id, live_participants: 2 });
    network.mend();
    await tom.reached('joined');
    await sleep(GRACE_MS);

    const events = watching.frames.slice(before).map(({ event }) => event);
    expect(events).not.toContain(RoomEvent.leaveRoom);
    expect(events).not.toContain(RoomEvent.joinRoom);
    expect(await stage.activeSession(meeting)).toMatchObject({ id, live_participants: 2 });
    expect(countOf(meeting, 'meeting.participantLeft')).toBe(0);
    expect(countOf(meeting, 'meeting.participantJoined')).toBe(2);
  });

  test('for longer is a leave, and the return a join of the same session (S06, WP03, WP04)', async () => {
    const { meeting, watching, tom, id } = await twoPeople();
    network.cut();
    await watching.sees(RoomEvent.leaveRoom);
    expect(watching.received(RoomEvent.leaveRoom).map(({ peer }) => peer?.peerId)).toEqual([tom.peerId]);
    await until('it is counted', async () => (await stage.activeSession(meeting))?.live_participants === 1);
    network.mend();
    await tom.reached('joined');

    expect(await stage.activeSession(meeting)).toMatchObject({ id, live_participants: 2 });
    const joins = watching.received(RoomEvent.joinRoom).filter(({ peer }) => peer?.peerId === tom.peerId);
    expect(joins).toHaveLength(2);
    await receiver.sawEvent(meeting, 'meeting.participantJoined', 3);
    expect(countOf(meeting, 'meeting.participantLeft')).toBe(1);
  });

  test('is not told of what it may not know: a kick or an end meanwhile reaches it on its return (E11, X03)', async () => {
    const kicked = await twoPeople();
    const ended = await twoPeople();
    network.cut();
    await Promise.all([kicked.tom.reached('disconnected'), ended.tom.reached('disconnected')]);
    await stage.backend.kick(kicked.meeting, kicked.tom.participantId);
    await stage.backend.kickAll(ended.meeting);
    network.mend();
    await Promise.all([kicked.tom.reached('kicked'), ended.tom.reached('ended')]);
    expect((await stage.activeSession(kicked.meeting))?.live_participants).toBe(1);
    expect(await stage.activeSession(ended.meeting)).toBeNull();
  });

  test('is replaced by the peer’s next one, even before its loss is noticed (S05, 3.6)', async () => {
    const meeting = await stage.backend.newMeeting();
    const watching = await stage.rawSocket(await stage.invite(meeting, 'Mary'));
    await watching.join('Mary');
    const invited = await stage.invite(meeting, 'Tom');
    const older = await stage.rawSocket(invited);
    await older.join('Tom');
    const newer = await stage.rawSocket(invited, { peerId: older.peerId });
    expect(await older.closed).toEqual({ code: 1000, reason: 'replaced by a newer connection' });
    expect(await newer.join('Tom')).toBeNull();
    await watching.refusalOf(RoomEvent.getRoomInfo);
    expect(watching.received(RoomEvent.leaveRoom)).toEqual([]);
    expect(newer.close).toBeNull();
    expect((await stage.activeSession(meeting))?.live_participants).toBe(2);
  });

  test('with the last one of a session: it ends when the keep-alive time is over too (L02, L10)', async () => {
    const meeting = await stage.backend.newMeeting({ session_keep_alive_time_in_secs: 0 });
    const mary = await stage.enter(meeting, 'Mary');
    mary.drop();
    const arrivals = await receiver.meetingEnded(meeting);
    expect(arrivals.at(-1)!.reason).toBe('ALL_PARTICIPANTS_LEFT');
  });

  test('with the server, by kill -9, and nobody comes back: the session ends with its webhooks (L02, L10, Q22)', async () => {
    const meeting = await stage.backend.newMeeting({ session_keep_alive_time_in_secs: 1 });
    await Promise.all([stage.enter(meeting, 'Mary'), stage.enter(meeting, 'Tom')]);
    const { id } = (await stage.activeSession(meeting))!;
    await receiver.sawEvent(meeting, 'meeting.participantJoined', 2);
    await stage.parley.kill();
    await stage.parley.start();
    expect(await stage.activeSession(meeting)).toMatchObject({ id, status: 'LIVE', live_participants: 2 });
    const arrivals = await receiver.meetingEnded(meeting);
    expect(arrivals.at(-1)!.reason).toBe('ALL_PARTICIPANTS_LEFT');
    expectToldOnce(arrivals, await stage.session(id), await stage.peersOf(id));
  });

  test('an empty session outlives kill -9 for its keep-alive time, and goes on when somebody comes (L04, Q20)', async () => {
    const meeting = await stage.backend.newMeeting({ session_keep_alive_time_in_secs: 600 });
    const invited = await stage.invite(meeting, 'Mary');
    const mary = await stage.enterAgain(invited);
    const { id } = (await stage.activeSession(meeting))!;
    mary.leave();
    await until('it is empty', async () => (await stage.activeSession(meeting))?.live_participants === 0);
    await stage.parley.kill();
    await stage.parley.start();
    expect((await stage.activeSession(meeting))?.id).toBe(id);
    await isBackIn(await stage.enterAgain(invited), id);
  });
});
