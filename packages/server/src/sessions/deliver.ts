import type { Effect } from '@parley/core';
import { encodeBroadcast, MediaEvent } from '@parley/wire';
import type { PeerConnection } from './connection.js';
import type { MeetingMedia } from './meeting-media.js';

/** Who sends what, from the arrival of a peer on. */
const TRACK_NEWS: ReadonlySet<number> = new Set([
  MediaEvent.peerJoinedBroadcast,
  MediaEvent.peerProducerCreateBroadcast,
  MediaEvent.peerProducerToggleBroadcast,
  MediaEvent.peerProducerCloseBroadcast,
]);

/** Who sent the request that caused an effect; his copy of an answering message carries the request's id. */
export interface Origin {
  peerId: string;
  requestId: string | undefined;
}

/** The part of a meeting that effects act upon. */
export interface Stage {
  readonly connections: Map<string, PeerConnection>;
  readonly media: MeetingMedia;
  /** Tells a peer that was moved where to go; its socket is left to its client to close. */
  transfer(peerId: string, participantId: string): void;
}

/** Does what a view asks for. A message is put into its frame once, whatever the number of its receivers. */
export function deliver(stage: Stage, effect: Effect, origin: Origin | undefined): void {
  switch (effect.type) {
    case 'message': {
      const broadcast = encodeBroadcast(effect.event, effect.payload);
      const requestId = effect.answers ? origin?.requestId : undefined;
      const isTrackNews = TRACK_NEWS.has(effect.event);
      for (const peerId of effect.to) {
        const isAnswer = requestId !== undefined && peerId === origin?.peerId;
        const connection = stage.connections.get(peerId);
        if (isAnswer) connection?.send(broadcast.answer(requestId));
        else if (isTrackNews) connection?.tellOfTrack(broadcast.frame);
        else connection?.send(broadcast.frame);
      }
      return;
    }
    case 'closeSockets':
      for (const peerId of effect.peerIds) {
        const connection = stage.connections.get(peerId);
        stage.connections.delete(peerId);
        connection?.dismiss();
      }
      return;
    case 'transferPeer':
      stage.transfer(effect.peerId, effect.participantId);
      return;
    case 'releaseMedia':
      stage.media.release(effect.peerIds);
      return;
    case 'muteProducer':
      stage.media.order('muteProducer', { producerId: effect.producerId, muted: effect.muted });
      return;
    case 'closeProducer': {
      const transportId = stage.media.transportOf(effect.peerId, 'send');
      if (transportId) stage.media.order('closeProducer', { transportId, producerId: effect.producerId });
    }
  }
}
