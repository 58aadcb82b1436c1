import { WireError } from './errors.js';
import { MediaEvent } from './events.js';
import { ErrorResponse } from './generated/media/edge.js';
import { SocketMessage } from './generated/message/v1.js';

/**
 * Largest frame that a server takes from a client. The largest honest one is an offer that lists every m-line of
 * a receive connection in a big meeting, which stays well under half of this.
 */
export const MAX_CLIENT_FRAME_BYTES = 512 * 1024;
/** Largest frame that our own clients take from a server: a whole chat history of long custom messages fits. */
export const MAX_SERVER_FRAME_BYTES = 64 * 1024 * 1024;
/** Longest request id in UTF-16 units. The SDK's ids, `<peerId>-<random base36>`, have about 50. */
export const MAX_REQUEST_ID_LENGTH = 128;

const EMPTY = new Uint8Array(0);

/** A binary frame, opened. */
export interface Frame {
  /** Event number; see events.ts. Not checked: an unknown number is for the caller to refuse. */
  event: number;
  /** Request id; an answer repeats it, a broadcast has none. */
  id: string | undefined;
  /** The encoded message; empty when the frame had none. A view of the frame's bytes, not a copy. */
  payload: Uint8Array;
}

/**
 * Opens a binary frame. `maxBytes` bounds the work done for one frame.
 *
 * @throws {WireError} `frame_too_large`, `malformed_frame` or `request_id_too_long`; nothing else.
 */
export function decodeFrame(bytes: Uint8Array, maxBytes: number = MAX_CLIENT_FRAME_BYTES): Frame {
  if (bytes.byteLength > maxBytes) {
    throw new WireError('frame_too_large', `A frame of ${bytes.byteLength} bytes exceeds ${maxBytes}.`);
  }
  const { event, id, payload } = openEnvelope(bytes);
  if (id !== undefined && id.length > MAX_REQUEST_ID_LENGTH) {
    throw new WireError('request_id_too_long', `A request id may have ${MAX_REQUEST_ID_LENGTH} characters.`);
  }
  return { event, id, payload: payload ?? EMPTY };
}

function openEnvelope(bytes: Uint8Array): SocketMessage {
  try {
    return SocketMessage.decode(bytes);
  } catch (cause) {
    throw new WireError('malformed_frame', 'The frame is not a socket message.', { cause });
  }
}

/**
 * Closes a binary frame around an encoded message. The payload field is always written, also when it is empty:
 * the SDK's handlers of some events throw when the field is missing (protocol pitfall 21).
 */
export function encodeFrame(event: number, payload: Uint8Array = EMPTY, id?: string): Uint8Array {
  return SocketMessage.encode({ event, id, payload }).finish();
}

/** One message to many receivers: encoded once, whatever their number. */
export interface Broadcast {
  /** The frame that every receiver but the requester gets. */
  readonly frame: Uint8Array;
  /** The requester's only copy: the same message with the id of its request, which makes it the answer too. */
  answer(requestId: string): Uint8Array;
}

export function encodeBroadcast(event: number, payload: Uint8Array = EMPTY): Broadcast {
  return {
    frame: encodeFrame(event, payload),
    answer: (requestId) => encodeFrame(event, payload, requestId),
  };
}

/**
 * Refuses the request `requestId` of event `event`; the promise in the SDK rejects with `Error(message)`.
 * A refusal without a request id is dropped by the client.
 */
export function encodeError(event: number, message: string, requestId: string | undefined): Uint8Array {
  const payload = ErrorResponse.encode({ errorMessage: message, eventId: event | 0 }).finish();
  return encodeFrame(MediaEvent.errorResponse, payload, requestId);
}
