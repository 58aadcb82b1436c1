import { createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Connectivity checks of ICE (RFC 8489, RFC 8445), as far as it takes to refuse one. */

const HEADER_BYTES = 20;
const BINDING_REQUEST = 0x0001;
const BINDING_ERROR = 0x0111;
const MAGIC_COOKIE = 0x2112a442;

const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const ERROR_CODE = 0x0009;
const FINGERPRINT = 0x8028;
const INTEGRITY_BYTES = 20;
const FINGERPRINT_BYTES = 4;
const FINGERPRINT_MASK = 0x5354554e;

export interface BindingRequest {
  transactionId: Buffer;
  /** Of the side that was asked: the part of USERNAME before the colon. */
  ufrag: string;
}

/** Null for everything else that may arrive at a media port. */
export function readBindingRequest(packet: Buffer): BindingRequest | null {
  if (packet.length < HEADER_BYTES || packet.readUInt16BE(0) !== BINDING_REQUEST) return null;
  if (packet.readUInt32BE(4) !== MAGIC_COOKIE) return null;
  let at = HEADER_BYTES;
  while (at + 4 <= packet.length) {
    const end = at + 4 + packet.readUInt16BE(at + 2);
    if (packet.readUInt16BE(at) === USERNAME && end <= packet.length) {
      const [ufrag = ''] = packet.toString('utf8', at + 4, end).split(':');
      return { transactionId: packet.subarray(8, HEADER_BYTES), ufrag };
    }
    at = end + ((4 - (end % 4)) % 4);
  }
  return null;
}

/**
 * Error 400 as the answer to a check. Browsers repeat checks that stay without an answer, and those that meet certain
 * other errors; after this one they give the connection up at once.
 */
export function refuseBinding({ transactionId }: BindingRequest, password: string): Buffer {
  const reason = Buffer.from([0, 0, 4, 0]);
  const message = Buffer.concat([header(transactionId), attribute(ERROR_CODE, reason)]);
  const hmac = createHmac('sha1', password).update(withLengthFor(message, INTEGRITY_BYTES)).digest();
  const signed = Buffer.concat([message, attribute(MESSAGE_INTEGRITY, hmac)]);
  const sum = Buffer.alloc(FINGERPRINT_BYTES);
  sum.writeUInt32BE((crc32(withLengthFor(signed, FINGERPRINT_BYTES)) ^ FINGERPRINT_MASK) >>> 0);
  return Buffer.concat([signed, attribute(FINGERPRINT, sum)]);
}

function header(transactionId: Buffer): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16BE(BINDING_ERROR, 0);
  fixed.writeUInt32BE(MAGIC_COOKIE, 4);
  return Buffer.concat([fixed, transactionId]);
}

/** Values here have whole words, so that none is padded. */
function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}

/** Each sum is taken over a message that says already that it holds the attribute with the sum, and keeps saying so. */
function withLengthFor(message: Buffer, valueBytes: number): Buffer {
  message.writeUInt16BE(message.length - HEADER_BYTES + 4 + valueBytes, 2);
  return message;
}
