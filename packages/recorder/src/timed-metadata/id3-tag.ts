/** Each byte of a size in ID3 carries seven bits. */
const SIZE_BITS = 7;
const UTF8 = 3;
/** What players show beside the text: the type of the broadcast (features.md RC40). */
const DESCRIPTION = 'ID3Data';

/**
 * An ID3v2.4 tag with one frame `TXXX`, the text of anybody's own: hls.js shows its text as the `data` of a cue's
 * value. A zero ends a text there, so one within it is left out.
 */
export function id3Tag(text: string): Buffer {
  const value = Buffer.from(text.replaceAll('\0', ''));
  const content = Buffer.concat([Buffer.of(UTF8), Buffer.from(`${DESCRIPTION}\0`), value, Buffer.of(0)]);
  const frame = Buffer.concat([Buffer.from('TXXX'), size(content.length), Buffer.of(0, 0), content]);
  return Buffer.concat([Buffer.from('ID3'), Buffer.of(4, 0, 0), size(frame.length), frame]);
}

function size(bytes: number): Buffer {
  const byte = (place: number) => (bytes >>> (place * SIZE_BITS)) & 0x7f;
  return Buffer.of(byte(3), byte(2), byte(1), byte(0));
}
