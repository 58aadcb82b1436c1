import type { RtmpMessage } from './chunks.js';

const TAG_HEADER_BYTES = 11;
/** Sound and picture may both follow. */
const HAS_BOTH = 0x05;

/** What an FLV file begins with. */
export const flvHeader = (): Buffer =>
  Buffer.concat([Buffer.from('FLV'), Buffer.of(1, HAS_BOTH, 0, 0, 0, 9), Buffer.alloc(4)]);

/** Sound or picture as a tag of FLV, whose content is that of RTMP's message. */
export function flvTag({ type, timestampMs, payload }: RtmpMessage): Buffer {
  const tag = Buffer.alloc(TAG_HEADER_BYTES + payload.length + 4);
  tag.writeUInt8(type);
  tag.writeUIntBE(payload.length, 1, 3);
  tag.writeUIntBE(timestampMs & 0xffffff, 4, 3);
  tag.writeUInt8(timestampMs >>> 24, 7);
  payload.copy(tag, TAG_HEADER_BYTES);
  tag.writeUInt32BE(TAG_HEADER_BYTES + payload.length, tag.length - 4);
  return tag;
}
