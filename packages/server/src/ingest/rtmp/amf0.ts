import { RtmpError } from './errors.js';

/** Values of AMF 0 as far as RTMP's commands use them; dates and references in them are of no use here. */
export type AmfValue = number | boolean | string | null | Map<string, AmfValue> | AmfValue[];

const TYPE = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  longString: 0x0c,
} as const;

/** Objects in objects; commands need one of them. */
const DEPTH_MAX = 8;

/** Reads all values of a command. Throws RtmpError for what is none. */
export function readAmf(bytes: Buffer): AmfValue[] {
  const reader = new AmfReader(bytes);
  const values: AmfValue[] = [];
  while (!reader.isAtEnd) values.push(reader.value(0));
  return values;
}

class AmfReader {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  value(depth: number): AmfValue {
    if (depth > DEPTH_MAX) throw new RtmpError('A command is nested too deeply');
    const type = this.#take(1).readUInt8();
    switch (type) {
      case TYPE.number:
        return this.#take(8).readDoubleBE();
      case TYPE.boolean:
        return this.#take(1).readUInt8() !== 0;
      case TYPE.string:
        return this.#text(2);
      case TYPE.longString:
        return this.#text(4);
      case TYPE.null:
      case TYPE.undefined:
        return null;
      case TYPE.ecmaArray:
        // It says how many there are, and has the same end as an object all the same.
        this.#take(4);
        return this.#members(depth);
      case TYPE.object:
        return this.#members(depth);
      case TYPE.strictArray:
        return this.#items(depth);
      default:
        throw new RtmpError(`A command has a value of the unknown type ${type}`);
    }
  }

  #members(depth: number): Map<string, AmfValue> {
    const members = new Map<string, AmfValue>();
    for (;;) {
      const name = this.#text(2);
      if (name === '' && this.bytes[this.#at] === TYPE.objectEnd) {
        this.#at += 1;
        return members;
      }
      members.set(name, this.value(depth + 1));
    }
  }

  #items(depth: number): AmfValue[] {
    const items: AmfValue[] = [];
    // Each item takes a byte at least, so a count that is too high ends with the bytes.
    for (let left = this.#take(4).readUInt32BE(); left > 0; left -= 1) items.push(this.value(depth + 1));
    return items;
  }

  #text(lengthBytes: 2 | 4): string {
    const length = this.#take(lengthBytes).readUIntBE(0, lengthBytes);
    return this.#take(length).toString('utf8');
  }

  #take(bytes: number): Buffer {
    const from = this.#at;
    if (from + bytes > this.bytes.length) throw new RtmpError('A command ends in the middle of a value');
    this.#at += bytes;
    return this.bytes.subarray(from, this.#at);
  }
}

/** Throws RangeError for a text of more than 64 KiB. */
export function writeAmf(values: readonly AmfValue[]): Buffer {
  return Buffer.concat(values.map(written));
}

function written(value: AmfValue): Buffer {
  if (value === null) return Buffer.of(TYPE.null);
  if (typeof value === 'boolean') return Buffer.of(TYPE.boolean, Number(value));
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'string') return Buffer.concat([Buffer.of(TYPE.string), text(value)]);
  if (Array.isArray(value)) {
    const count = Buffer.alloc(5, TYPE.strictArray);
    count.writeUInt32BE(value.length, 1);
    return Buffer.concat([count, ...value.map(written)]);
  }
  const members = [...value].flatMap(([name, member]) => [text(name), written(member)]);
  return Buffer.concat([Buffer.of(TYPE.object), ...members, text(''), Buffer.of(TYPE.objectEnd)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
