import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { COMES_BACK, type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';
import { isBackIn } from './back-in.js';

const STOP_LIMIT_MS = 10_000;

describe.skipIf(!serverIsBuilt)('SIGTERM', () => {
  let stage: SessionStage;
  let receiver: Receiver;
  beforeAll(async () => {
    stage = await startSessionStage();
    receiver = await startReceiver(stage.backend);
  });
  afterAll(async () => {
    await stage?.dispose();
    await receiver?.close();
  });

  test('closes the sockets with 1012, exits with 0, and the clients come back into the same session (L04, S05)', async () => {
    const meeting = await stage.backend.newMeeting();
    const peers = [
      await stage.enter(meeting, 'Mary', 'group_call_host', { reconnect: COMES_BACK }),
      await stage.enter(meeting, 'Tom', 'group_call_participant', { reconnect: COMES_BACK, roster: true }),
    ];
    const watching = await stage.rawSocket(await stage.invite(meeting, 'Ann'));
    await watching.join('Ann');
    const connecting = await stage.rawSocket(await stage.invite(meeting, 'Not yet in'));
    const { id } = (await stage.activeSession(meeting))!;

    const stopped = stage.parley.stop();
    expect(await watching.closed).toEqual({ code: 1012, reason: 'the server restarts' });
    expect((await connecting.closed).code).toBe(1012);
    expect(await stopped).toBe(0);
    await stage.parley.start();

    await Promise.all(peers.map((peer) => isBackIn(peer, id)));
    const session = await stage.activeSession(meeting);
    expect(session).toMatchObject({ id, live_participants: 3, max_concurrent_participants: 3 });
    expect([...peers[1]!.roster!.keys()].toSorted()).toEqual([peers[0]!.peerId, watching.peerId].toSorted());
    const told = receiver.of(meeting).map(({ event }) => event);
    expect(told).toEqual([
      'meeting.started',
      'meeting.participantJoined',
      'meeting.participantJoined',
      'meeting.participantJoined',
    ]);
    await stage.backend.kickAll(meeting);
    await Promise.all(peers.map((peer) => peer.reached('ended')));
  });

  test('is not held up by clients that do not answer, nor by a receiver that hangs', async () => {
    const meeting = await stage.backend.newMeeting();
    const frozen = await stage.rawSocket(await stage.invite(meeting, 'Frozen'));
    await frozen.join('Frozen');
    frozen.socket.pause();
    receiver.hold = ({ event }) => event === 'meeting.participantJoined';
    await stage.enter(meeting, 'Mary');
    await receiver.sawEvent(meeting, 'meeting.participantJoined');
    const hanging = new AbortController();
    const slowBody = fetch(
      `${stage.parley.httpUrl}/client/v4/accounts/${stage.scope.account_id}/realtime/kit/apps`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${stage.parley.apiToken}`, 'content-type': 'application/json' },
        body: new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('{"name":')) }),
        duplex: 'half',
        signal: hanging.signal,
      } as RequestInit,
    ).catch(() => null);

    const began = performance.now();
    const code = await stage.parley.stop();
    const tookMs = performance.now() - began;
    hanging.abort();
    await slowBody;
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(STOP_LIMIT_MS);
    // Everything was closed in order, the database last; nothing had to be left behind.
    expect(stage.parley.log().includes('did not close')).toBe(false);
    receiver.hold = null;
    await stage.parley.start();
    await until(
      'the delivery that was cut off comes again',
      () => receiver.of(meeting).filter(({ event }) => event === 'meeting.participantJoined').length >= 2,
    );
  });

  test('lets nobody join who comes too late, and lets him in after the start (L18)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.invite(meeting, 'Mary');
    const stopped = stage.parley.stop();
    await until('the server refuses', () =>
      stage.rawSocket(mary).then(
        (socket) => socket.close !== null,
        () => true,
      ),
    );
    expect(await stopped).toBe(0);
    await stage.parley.start();
    expect(await stage.sessionsOf(meeting)).toEqual([]);
    expect((await stage.enterAgain(mary)).state).toBe('joined');
  });
});
