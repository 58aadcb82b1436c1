import { type ServerEvent, type ServerMessage, toClient } from '@parley/wire';

/** One message, encoded once whatever the number of its receivers. */
export interface MessageEffect {
  type: 'message';
  /** Peer ids; who has no socket at the moment is passed over by the sender. */
  to: readonly string[];
  event: ServerEvent;
  payload: Uint8Array;
  /**
   * Set when this message is also the answer to the command that caused it: the copy for the command's sender
   * carries his request id, and there is no other copy for him (protocol.md 3.4).
   */
  answers?: true;
}

export type Effect =
  | MessageEffect
  /** The peers have no place here any more: close their sockets normally, after what was sent before. */
  | { type: 'closeSockets'; peerIds: readonly string[] }
  /** Tell the peer that it has been moved; its client goes to the other meeting and closes the socket by itself. */
  | { type: 'transferPeer'; peerId: string; participantId: string }
  /** Close all transports of these peers. */
  | { type: 'releaseMedia'; peerIds: readonly string[] }
  /** Drop, or pass on again, what the producer sends, whatever its client does. */
  | { type: 'muteProducer'; producerId: string; muted: boolean }
  /** The producer is gone from the session: close it, unless its client has closed it already. */
  | { type: 'closeProducer'; peerId: string; producerId: string };

/** The event's message, or nothing for an event without one. */
type Payload<E extends ServerEvent> = ServerMessage<E> extends undefined ? [] : [message: ServerMessage<E>];

export function message<E extends ServerEvent>(
  to: readonly string[],
  event: E,
  ...payload: Payload<E>
): MessageEffect {
  return { type: 'message', to, event, payload: toClient.encode(event, ...payload) };
}

export function answeringMessage<E extends ServerEvent>(
  to: readonly string[],
  event: E,
  ...payload: Payload<E>
): MessageEffect {
  return { ...message(to, event, ...payload), answers: true };
}
