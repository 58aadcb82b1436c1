import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { COMES_BACK, type SessionStage, startSessionStage } from '../support/session-stage.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

describe.skipIf(!serverIsBuilt)('the states in which a participant leaves a room', () => {
  let stage: SessionStage;
  let network: TcpProxy;
  beforeAll(async () => {
    stage = await startSessionStage();
    network = await startTcpProxy(() => Number(new URL(stage.parley.httpUrl).port));
    await stage.backend.newPreset('waits for a host', 'group_call_participant', {
      waiting_room_type: 'SKIP_ON_ACCEPT',
    });
  });
  afterAll(async () => {
    await stage?.dispose();
    await network?.close();
  });

  const throughNetwork = () => ({ url: `ws://127.0.0.1:${network.port}/ws` });
  const states = (peer: Awaited<ReturnType<SessionStage['enter']>>) => {
    const seen: string[] = [];
    peer.on('state', (state) => seen.push(state));
    return seen;
  };

  test('init, joined and left, by leave() (E27, L20, L21)', async () => {
    const meeting = await stage.backend.newMeeting();
    const peer = stage.peer(await stage.invite(meeting, 'Mary'));
    const seen = states(peer);
    expect(peer.state).toBe('init');
    await peer.connect();
    await peer.join();
    peer.leave();
    expect(seen).toEqual(['joining', 'joined', 'left']);
    await until(
      'the server knows',
      async () => (await stage.activeSession(meeting))?.live_participants === 0,
    );
  });

  test('kicked, by a host and by the backend (L21)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const [tom, ann] = [await stage.enter(meeting, 'Tom'), await stage.enter(meeting, 'Ann')];
    host.kick(tom.peerId);
    await stage.backend.kick(meeting, ann.participantId);
    await Promise.all([tom.reached('kicked'), ann.reached('kicked')]);
    expect(host.state).toBe('joined');
  });

  test('ended, by a host and by the backend (L21, L05)', async () => {
    for (const end of ['host', 'backend']) {
      const meeting = await stage.backend.newMeeting();
      const host = await stage.enter(meeting, 'Mary', 'group_call_host');
      const tom = await stage.enter(meeting, 'Tom');
      if (end === 'host') host.kickAll();
      else await stage.backend.kickAll(meeting);
      await Promise.all([host.reached('ended'), tom.reached('ended')]);
      expect(await stage.activeSession(meeting)).toBeNull();
    }
  });

  test('waitlisted and rejected, by a host (L20, L21)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const tom = await stage.enter(meeting, 'Tom', 'waits for a host');
    const seen = states(tom);
    expect(tom.state).toBe('waitlisted');
    host.deny(tom.participantId);
    await tom.reached('rejected');
    expect(seen).toEqual(['rejected']);
  });

  test('disconnected, and then back in the same session as the same peer (L21, L22)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host', { roster: true });
    const tom = await stage.enter(meeting, 'Tom', 'group_call_participant', {
      ...throughNetwork(),
      reconnect: COMES_BACK,
    });
    const { id } = (await stage.activeSession(meeting))!;
    const seen = states(tom);
    const sawLeaving = states(host);
    network.drop();
    await tom.reached('disconnected');
    await tom.reached('joined');
    expect(seen).toEqual(['disconnected', 'joining', 'joined']);
    expect(sawLeaving).toEqual([]);
    expect(host.roster?.has(tom.peerId)).toBe(true);
    const session = (await stage.activeSession(meeting))!;
    expect(session).toMatchObject({ id, live_participants: 2, max_concurrent_participants: 2 });
    expect(await stage.peersOf(id)).toHaveLength(2);
  });

  test('failed, when no attempt gets through (L21)', async () => {
    const meeting = await stage.backend.newMeeting();
    const tom = await stage.enter(meeting, 'Tom', 'group_call_participant', {
      ...throughNetwork(),
      reconnect: { attempts: 3, firstDelayMs: 1, maxDelayMs: 1 },
    });
    network.cut();
    await tom.reached('failed');
    network.mend();
  });
});
