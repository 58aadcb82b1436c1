import { edge, MediaEvent, media } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import type { RawSocket } from '../support/raw-socket.js';
import { offerOf, UNUSED_TRACKS } from '../support/sdp.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

interface Speaker {
  socket: RawSocket;
  producerId: string;
}

describe.skipIf(!serverIsBuilt)('muting others', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
  });
  afterAll(() => stage?.dispose());

  /** Joins, and sends from a microphone that is not there. */
  async function speak(meeting: string, name: string, preset?: string): Promise<Speaker> {
    const socket = await stage.rawSocket(await stage.invite(meeting, name, preset));
    await socket.join(name);
    await socket.refusalOf(MediaEvent.selfJoinComplete, {});
    const describedBy = (sdp: string) => ({ target: 0, type: 'offer', sdp }) as const;
    const transport = media.CreateTransportRequest.fromPartial({
      description: describedBy(offerOf(UNUSED_TRACKS)),
    });
    expect(await socket.refusalOf(MediaEvent.createWebRTCTransport, transport)).toBeNull();
    const microphone = { kind: 'audio', mid: '2', ssrc: 4711 } as const;
    const produce = edge.ProducerCreateRequest.fromPartial({
      kind: 'audio',
      appData: '{"mid":"2"}',
      mimeType: 'audio/opus',
      description: describedBy(offerOf([...UNUSED_TRACKS, microphone])),
    });
    expect(await socket.refusalOf(MediaEvent.produce, produce)).toBeNull();
    return { socket, producerId: socket.received(MediaEvent.produce)[0]!.producerId };
  }

  /** What a peer was told of a microphone: whether it is off, and by whom. */
  const told = (of: RawSocket, { producerId }: Speaker) =>
    of
      .received(MediaEvent.peerProducerToggleBroadcast)
      .filter(({ producerState }) => producerState?.producerId === producerId)
      .map(({ producerState, initiatorParticipantId }) => [producerState!.pause, initiatorParticipantId]);
  const toggle = ({ socket, producerId }: Speaker, pause: boolean) =>
    socket.refusalOf(
      MediaEvent.toggleProducer,
      edge.ProducerToggleRequest.fromPartial({ producerId, pause }),
    );
  const call = async (meeting: string, path: string, body: object) => {
    const { account_id, app_id } = stage.scope;
    return stage.backend.client.post<{ data: Record<string, unknown> }>(
      `/accounts/${account_id}/realtime/kit/${app_id}/meetings/${meeting}/active-session/${path}`,
      { body },
    );
  };

  test('by the backend: one by either id, who may speak again (X09)', async () => {
    const meeting = await stage.backend.newMeeting();
    const [tom, ann] = [await speak(meeting, 'Tom'), await speak(meeting, 'Ann')];
    const { data } = await call(meeting, 'mute', { custom_participant_ids: ['custom-Tom'] });
    expect(data).toMatchObject({
      action: 'mute',
      participants: [{ id: tom.socket.participantId, name: 'Tom' }],
    });
    await until(
      'both are told',
      () => told(tom.socket, tom).length === 1 && told(ann.socket, tom).length === 1,
    );
    expect(told(tom.socket, tom)[0]![0]).toBe(true);
    // His client obeys only a mute that another has given (protocol.md 8.1).
    expect(told(tom.socket, tom)[0]![1]).not.toBe(tom.socket.peerId);
    expect(told(ann.socket, ann)).toEqual([]);
    // The SDK does not wait for an answer to its switch; the others hear of it.
    tom.socket.send(
      MediaEvent.toggleProducer,
      edge.ProducerToggleRequest.fromPartial({ producerId: tom.producerId, pause: false }),
    );
    await until('he is heard again', () => told(ann.socket, tom).length === 2);
    expect(told(ann.socket, tom)[1]).toEqual([false, tom.socket.peerId]);
  });

  test('by the backend: all, who may not speak again until it is allowed (X09, V10)', async () => {
    const meeting = await stage.backend.newMeeting();
    const [tom, ann] = [await speak(meeting, 'Tom'), await speak(meeting, 'Ann')];
    const { data } = await call(meeting, 'mute-all', { allow_unmute: false });
    expect(data).toMatchObject({ action: 'mute_all', muted_participants_count: 2 });
    await until(
      'both are told',
      () => told(tom.socket, tom).length === 1 && told(ann.socket, ann).length === 1,
    );
    expect(await toggle(tom, false)).toBe('The host has muted everybody');
    // He believes that he is heard, and is told to switch off.
    await until('he is told again', () => told(tom.socket, tom).length === 2);
    expect(told(ann.socket, tom)).toHaveLength(1);

    await call(meeting, 'mute-all', { allow_unmute: true });
    tom.socket.send(
      MediaEvent.toggleProducer,
      edge.ProducerToggleRequest.fromPartial({ producerId: tom.producerId, pause: false }),
    );
    await until('he is heard again', () => told(ann.socket, tom).at(-1)?.[0] === false);
  });

  test('by a host: one, and all but himself (R02, V11)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await speak(meeting, 'Mary', 'group_call_host');
    const [tom, ann] = [await speak(meeting, 'Tom'), await speak(meeting, 'Ann')];
    const one = { participantId: tom.socket.peerId, audio: true, video: false, screeShare: false };
    expect(await host.socket.refusalOf(MediaEvent.hostControlPeer, one)).toBeNull();
    expect(host.socket.received(MediaEvent.hostControlPeer)).toEqual([{ status: 'success' }]);
    await until('Tom is told', () => told(tom.socket, tom).length === 1);
    expect(told(tom.socket, tom)[0]).toEqual([true, host.socket.peerId]);

    const all = { audio: true, video: true, screenShare: false };
    expect(await host.socket.refusalOf(MediaEvent.hostControlAllPeers, all)).toBeNull();
    await until('Ann is told', () => told(ann.socket, ann).length === 1);
    expect(told(host.socket, host)).toEqual([]);
    expect(told(tom.socket, tom)).toHaveLength(1);
  });
});
