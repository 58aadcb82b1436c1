import { randomUUID } from 'node:crypto';
import { isVisible, mayConnectMedia, type Producer } from '@parley/core';
import type { Rid } from '@parley/media';
import { type edge, MediaEvent, type media } from '@parley/wire';
import { MediaError } from '../../media/media-pool.js';
import { Refused } from '../../sessions/refused.js';
import { on, type Route, type SocketRequest } from '../request.js';

/** The SDK asks for at most 35 at once (protocol.md 6.5). */
const CONSUME_REQUESTS_MAX = 64;
const APP_DATA_MAX_CHARACTERS = 4096;
const PUBLISHER = 0;
const SUBSCRIBER = 1;

/** The client throws its receive transport away and makes a new one on this error text (protocol.md 6.7). */
const RENEW_TRANSPORT = JSON.stringify({ errorCode: 'internal_error', errorDescription: 'Backend error' });

/** What the media worker has to do. Runs beside the other requests of a client, so that none waits for media. */
export const mediaTransportRoutes: Route[] = [
  on(MediaEvent.createWebRTCTransport, async (request, { consuming, description }) => {
    assertMayConnect(request);
    const direction = consuming ? 'recv' : 'send';
    const { media } = request.host;
    if (direction === 'send' && media.transportOf(request.peerId, 'send')) await closeAllProducers(request);
    const { transportId, answer } = await media.createTransport(
      request.peerId,
      direction,
      sdpOf(description),
    );
    request.host.releaseIfGone(request.peerId);
    request.answer(MediaEvent.createWebRTCTransport, {
      transportId,
      description: { target: consuming ? SUBSCRIBER : PUBLISHER, type: 'answer', sdp: answer },
      producerIds: [],
    });
  }),
  on(MediaEvent.produce, async (request, message) => {
    const { kind, screenShare } = message;
    if (kind !== 'audio' && kind !== 'video') throw new Refused('malformed');
    const appData = message.appData ?? '{}';
    const mid = midOf(appData);
    await request.execute({ type: 'CheckProduce', by: request.peerId, kind, screenShare });
    const transportId = ownTransport(request, message.producingTransportId, 'send');
    const producerId = randomUUID();
    const { answer } = await request.host.media.request('produce', {
      transportId,
      producerId,
      kind,
      mid,
      screenShare,
      offer: sdpOf(message.description),
    });
    await addProducer(request, {
      producerId,
      kind,
      screenShare,
      paused: message.paused,
      appData,
      mimeType: message.mimeType ?? (kind === 'audio' ? 'audio/opus' : 'video/VP8'),
      transportId,
    });
    request.answer(MediaEvent.produce, {
      status: true,
      producerId,
      description: { target: PUBLISHER, type: 'answer', sdp: answer },
    });
  }),
  on(MediaEvent.closeProducer, async (request, { producerId, description }) => {
    const transportId = ownTransport(request, undefined, 'send');
    const { answer } = await request.host.media.request('closeProducer', {
      transportId,
      producerId,
      ...(description ? { offer: sdpOf(description) } : {}),
    });
    await request.execute({ type: 'CloseProducers', by: request.peerId, producerIds: [producerId] });
    request.answer(MediaEvent.closeProducer, {
      description: answer === undefined ? undefined : { target: PUBLISHER, type: 'answer', sdp: answer },
    });
  }),
  on(MediaEvent.consume, async (request, message) => {
    if (message.requests.length > CONSUME_REQUESTS_MAX) throw new Refused('malformed');
    assertMayConnect(request);
    const transportId = ownTransport(request, message.consumingTransportId, 'recv');
    const wanted = message.requests.map((one) => ({ one, producer: visibleProducer(request, one) }));
    const known = wanted.flatMap(({ one, producer }) =>
      producer ? [{ producerId: producer.producerId, ...preference(one.simulcast) }] : [],
    );
    const { connection } = request;
    connection.keepTrackNews();
    const { results, offer } = await request.host.media
      .request('consume', { transportId, requests: known })
      .catch((error: unknown) => {
        connection.releaseTrackNews();
        throw error;
      });
    const map: Record<string, media.ConsumerState> = {};
    for (const { one, producer } of wanted) {
      if (one.producerId && !producer) map[one.producerId] = failed(one.producerId, 'not_found_track_error');
    }
    for (const result of results) {
      const { producerId } = result;
      const producer = wanted.find((one) => one.producer?.producerId === producerId)?.producer;
      map[producerId] =
        'error' in result
          ? failed(producerId, result.error)
          : consumerState(producerId, result.mid, producer);
    }
    request.answer(MediaEvent.consume, {
      status: true,
      consumerIdsMap: { map },
      description: offer === undefined ? undefined : { target: SUBSCRIBER, type: 'offer', sdp: offer },
    });
    if (offer === undefined) connection.releaseTrackNews();
  }),
  on(MediaEvent.renegotiateSessionDescription, async (request, { transportId, description }) => {
    try {
      const own = ownTransport(request, transportId, 'recv');
      await request.host.media.request('renegotiate', { transportId: own, answer: sdpOf(description) });
      request.answer(MediaEvent.renegotiateSessionDescription);
    } finally {
      request.connection.releaseTrackNews();
    }
  }),
  // The field is called consumer ids and holds mids (protocol.md 6.6).
  on(MediaEvent.closeConsumer, async (request, { consumerIds: mids, description, consumingTransportId }) => {
    const transportId = ownTransport(request, consumingTransportId, 'recv');
    const offer = sdpOf(description);
    const { answer } = await request.host.media.request('closeConsumers', { transportId, mids, offer });
    request.answer(MediaEvent.closeConsumer, {
      description: { target: SUBSCRIBER, type: 'answer', sdp: answer },
    });
  }),
  // A client wishes two seconds after a tile has changed, waits for no answer, and throws a refusal at nobody: who has
  // been moved meanwhile, or has another transport, has nothing left to wish for.
  on(MediaEvent.updateConsumersSimulcastConfig, async (request, message) => {
    const transportId = findTransport(request, message.consumingTransportId, 'recv');
    const requests = message.requests.flatMap(({ mid, simulcast }) => {
      const rid = ridOf(simulcast);
      return rid ? [{ mid, rid }] : [];
    });
    if (transportId) await request.host.media.request('preferLayers', { transportId, requests });
    request.answer(MediaEvent.updateConsumersSimulcastConfig);
  }),
];

/** The error text of a request that the media worker turned down. */
export const mediaErrorText = (error: MediaError): string =>
  error.code === 'limit' ? error.message : RENEW_TRANSPORT;

/** The session may have changed while the worker was busy; then the new track goes again. */
async function addProducer(request: SocketRequest, producer: Producer): Promise<void> {
  try {
    await request.execute({ type: 'AddProducer', by: request.peerId, ...producer });
  } catch (error) {
    const { transportId, producerId } = producer;
    request.host.media.order('closeProducer', { transportId, producerId });
    throw error;
  }
}

async function closeAllProducers(request: SocketRequest): Promise<void> {
  const peer = request.host.state.session?.peers.get(request.peerId);
  const producerIds = [...(peer?.producers.keys() ?? [])];
  if (producerIds.length > 0)
    await request.execute({ type: 'CloseProducers', by: request.peerId, producerIds });
}

/** Viewers of a livestream have no media connection; who has not joined yet may prepare one. */
function assertMayConnect(request: SocketRequest): void {
  const peer = request.host.state.session?.peers.get(request.peerId);
  if (peer && !mayConnectMedia(peer)) throw new Refused('off_stage');
}

/** The producer asked for, if the asking peer is in the session and may see whose it is. */
function visibleProducer(request: SocketRequest, wanted: edge.ConsumePeerRequest): Producer | undefined {
  const { session } = request.host.state;
  if (!session?.peers.has(request.peerId)) throw new Refused('not_joined');
  const owner = session.peers.get(wanted.producingPeerId);
  if (!owner || !isVisible(owner) || owner.stage !== 'ON_STAGE') return undefined;
  return owner.producers.get(wanted.producerId ?? '');
}

type Direction = 'send' | 'recv';

function ownTransport(request: SocketRequest, named: string | undefined, direction: Direction): string {
  const transportId = findTransport(request, named, direction);
  if (transportId) return transportId;
  throw new MediaError('not_found', 'The transport does not exist');
}

/** The transport that the client names, or its only one; nothing when it is not its own. */
function findTransport(
  { host: { media }, peerId }: SocketRequest,
  named: string | undefined,
  direction: Direction,
): string | undefined {
  const transportId = named || media.transportOf(peerId, direction);
  return transportId && media.owns(peerId, transportId) ? transportId : undefined;
}

/** The SDK names the new m-line in the JSON that it sends along (protocol.md 6.2). */
function midOf(appData: string): string {
  try {
    const { mid } = JSON.parse(appData.slice(0, APP_DATA_MAX_CHARACTERS)) as { mid?: unknown };
    if (typeof mid === 'string' && mid !== '') return mid;
  } catch {
    // Falls through: what is not JSON names no m-line either.
  }
  throw new Refused('malformed');
}

function sdpOf(description: media.SessionDescription | undefined): string {
  if (!description?.sdp) throw new Refused('malformed');
  return description.sdp;
}

function ridOf(simulcast: media.Simulcast | undefined): Rid | undefined {
  const rid = simulcast?.preferredRid;
  return rid === 'f' || rid === 'h' || rid === 'q' ? rid : undefined;
}

function preference(simulcast: media.Simulcast | undefined): { preferredRid?: Rid } {
  const preferredRid = ridOf(simulcast);
  return preferredRid ? { preferredRid } : {};
}

/** The consumer's id is the producer's, or the SDK loses the track when it rejoins (protocol.md 6.5). */
function consumerState(producerId: string, mid: string, producer: Producer | undefined): media.ConsumerState {
  return {
    consumerId: producerId,
    producerState: {
      producerId,
      kind: producer?.kind === 'audio' ? 0 : 1,
      pause: producer?.paused ?? false,
      screenShare: producer?.screenShare ?? false,
      appData: producer?.appData ?? '{}',
    },
    producerTrack: { trackId: producerId, producerId, streamId: mid },
  };
}

function failed(producerId: string, errorCode: string): media.ConsumerState {
  return { consumerId: producerId, errorCode };
}
