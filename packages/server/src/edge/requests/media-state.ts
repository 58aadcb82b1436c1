import { answers, type MutableMedia } from '@parley/core';
import { type edge, encodeFrame, MediaEvent, toClient } from '@parley/wire';
import { Refused } from '../../sessions/refused.js';
import { on, type Route, type SocketRequest } from '../request.js';

/** What concerns the state of the session; answered without the media worker. */
export const mediaStateRoutes: Route[] = [
  on(MediaEvent.joinRoom, async (request, { prejoined }) => {
    const { media } = request.host;
    // Once for each socket: the client drops its producers without a word when it comes back, and keeps its
    // transports (protocol.md 5.4). When it asks again after a refusal it may have produced anew meanwhile.
    if (prejoined && media.isFirstRejoin(request.connection)) {
      await request.execute({ type: 'LeaveMedia', by: request.peerId });
    }
    if (media.isVoidFor(request.peerId)) throw new Refused('media_unavailable');
    request.answer(MediaEvent.joinRoom);
  }),
  on(MediaEvent.selfJoinComplete, async (request) => {
    await request.execute({ type: 'JoinMedia', by: request.peerId });
    const { session } = request.host.state;
    const peer = session?.peers.get(request.peerId);
    // What has waited is older than what the answer holds.
    request.connection.releaseTrackNews();
    if (session && peer) request.answer(MediaEvent.selfJoinComplete, answers.mediaState(session, peer));
  }),
  on(MediaEvent.leaveRoom, async (request) => {
    await request.execute({ type: 'LeaveMedia', by: request.peerId });
    request.host.media.release([request.peerId]);
    request.answer(MediaEvent.leaveRoom, { closed: false });
  }),
  on(MediaEvent.toggleProducer, async (request, { producerId, pause }) => {
    try {
      await request.execute({ type: 'ToggleProducer', by: request.peerId, producerId, paused: pause });
    } catch (error) {
      if (error instanceof Refused && !pause) muteAgain(request, producerId);
      throw error;
    }
  }),
  on(MediaEvent.hostControlPeer, async (request, { participantId, audio, video, screeShare }) => {
    const what = mutable(audio, video, screeShare);
    await request.execute({
      type: 'MutePeers',
      by: request.peerId,
      peerIds: [participantId],
      what,
      forbidUnmute: false,
    });
    request.answer(MediaEvent.hostControlPeer, { status: 'success' });
  }),
  on(MediaEvent.hostControlAllPeers, async (request, { audio, video, screenShare }) => {
    const what = mutable(audio, video, screenShare);
    await request.execute({
      type: 'MutePeers',
      by: request.peerId,
      peerIds: 'everybody',
      what,
      forbidUnmute: false,
    });
    request.answer(MediaEvent.hostControlAllPeers, { status: 'success' });
  }),
  on(MediaEvent.globalPinPeer, async (request, { participantId }) => {
    await request.execute({
      type: 'PinPeer',
      by: request.peerId,
      peerId: participantId === '' ? null : participantId,
    });
    request.answer(MediaEvent.globalPinPeer);
  }),
  // Voices are ranked by what the media worker hears, never by what a client claims.
  on(MediaEvent.audioActivity, () => undefined),
];

/** A client whose wish to speak was refused believes that it is heard; it is told to switch off (protocol.md 8.1). */
function muteAgain(request: SocketRequest, producerId: string): void {
  const producer = request.host.state.session?.peers.get(request.peerId)?.producers.get(producerId);
  if (!producer) return;
  const message: edge.PeerProducerToggleBroadcastResponse = {
    participantId: request.peerId,
    initiatorParticipantId: 'server',
    producerState: { producerId, kind: producer.kind === 'audio' ? 0 : 1, pause: true, screenShare: false },
  };
  const payload = toClient.encode(MediaEvent.peerProducerToggleBroadcast, message);
  request.connection.send(encodeFrame(MediaEvent.peerProducerToggleBroadcast, payload));
}

function mutable(audio: boolean, video: boolean, screenShare: boolean): MutableMedia[] {
  return [
    ...(audio ? ['audio' as const] : []),
    ...(video ? ['video' as const] : []),
    ...(screenShare ? ['screenshare' as const] : []),
  ];
}
