import { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  ChatEvent,
  MediaEvent,
  OtherErrorEvent,
  PollEvent,
  PresetEvent,
  RoomEvent,
  StoreEvent,
} from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { codecOf } from '../codecs.js';
import { readProtoFiles } from '../proto-files.js';
import { readSdkTables, type SdkField, sdkBundle } from '../sdk-tables.js';

/**
 * The installed SDK is the truth. These tests fail when an SDK update changes the protocol, and when our files
 * say something else than the SDK.
 */

const LEGACY_MEDIA_BASE = 0x01000000;
const MEDIA_BASE = 0x03000000;

const sdk = readSdkTables(sdkBundle());
/** The SDK declares one of protobuf's own types, and nothing refers to it. */
sdk.messages.delete('google.protobuf.Timestamp');
const ours = readProtoFiles();

const byName = <T>(map: Map<string, T>) => [...map.keys()].sort();
const byNumber = (fields: SdkField[] | undefined) => fields?.toSorted((a, b) => a.no - b.no);

describe('the proto files say what the installed SDK says', () => {
  it('has the same messages', () => {
    expect(byName(ours.messages)).toEqual(byName(sdk.messages));
    expect(sdk.messages.size).toBeGreaterThan(200);
  });

  it.each(byName(sdk.messages))('%s has the same fields', (name) => {
    expect(byNumber(ours.messages.get(name))).toEqual(byNumber(sdk.messages.get(name)));
  });

  it('has the same enums', () => {
    expect(Object.fromEntries(ours.enums)).toEqual(Object.fromEntries(sdk.enums));
  });
});

describe('the generated codecs do what the installed SDK says', () => {
  it.each(byName(sdk.messages))(
    '%s is decoded field by field, and written back to the same bytes',
    (name) => {
      const { bytes, message } = sampleOf(name);
      const decoded = codecOf(name).decode(bytes);
      expect(decoded).toEqual(message);
      expect(Buffer.from(codecOf(name).encode(decoded).finish()).toString('hex')).toBe(
        Buffer.from(bytes).toString('hex'),
      );
    },
  );

  it.each(byName(sdk.messages))('%s without fields has absent optional fields and default others', (name) => {
    const expected = sdk.messages
      .get(name)!
      .filter((field) => isAlwaysThere(field))
      .map((field) => [camelCase(field.name), defaultOf(field)]);
    expect(codecOf(name).decode(new Uint8Array(0))).toEqual(Object.fromEntries(expected));
    expect(codecOf(name).encode(codecOf(name).create()).finish()).toHaveLength(0);
  });
});

describe('the event numbers are those of the installed SDK', () => {
  const tables = [RoomEvent, ChatEvent, StoreEvent, PollEvent, MediaEvent, PresetEvent];

  it('knows every table of the SDK; the legacy media numbers are the media numbers on another base', () => {
    const legacy = Object.fromEntries(
      Object.entries(MediaEvent).map(([name, event]) => [name, event - MEDIA_BASE + LEGACY_MEDIA_BASE]),
    );
    const sorted = (list: object[]) => list.map((table) => JSON.stringify(table)).sort();
    expect(sorted(sdk.events)).toEqual(sorted([...tables, legacy]));
    expect(OtherErrorEvent.legacyMedia).toBe(legacy.errorResponse);
  });

  it('knows the generic error number', () => {
    expect(sdkBundle()).toMatch(new RegExp(`const \\w+ = ${OtherErrorEvent.generic}\\b`));
  });
});

/** Bytes written from the SDK's table alone, one value for each field, and the message that they stand for. */
function sampleOf(name: string, depth = 0): { bytes: Uint8Array; message: Record<string, unknown> } {
  const writer = new BinaryWriter();
  const message: Record<string, unknown> = {};
  const seenOneofs = new Set<string>();
  for (const field of byNumber(sdk.messages.get(name))!) {
    // A message that contains itself ends somewhere, and of a oneof only one member may be written.
    if (depth > 4 && field.kind === 'message') continue;
    if (field.oneof !== undefined && seenOneofs.has(field.oneof)) continue;
    if (field.oneof !== undefined) seenOneofs.add(field.oneof);

    const value = writeField(writer, field, depth);
    if (field.kind === 'map') message[camelCase(field.name)] = { key: value };
    else message[camelCase(field.name)] = field.repeated ? [value] : value;
  }
  if (depth > 4) Object.assign(message, Object.fromEntries(skippedLists(name)));
  return { bytes: writer.finish(), message };
}

function writeField(writer: BinaryWriter, field: SdkField, depth: number): unknown {
  const LENGTH_DELIMITED = 2;
  if (field.kind === 'message') {
    const inner = sampleOf(field.type, depth + 1);
    writer.tag(field.no, LENGTH_DELIMITED).bytes(inner.bytes);
    return inner.message;
  }
  if (field.kind === 'map') {
    const inner = sampleOf(field.type, depth + 1);
    const entry = new BinaryWriter().tag(1, LENGTH_DELIMITED).string('key').tag(2, LENGTH_DELIMITED);
    writer.tag(field.no, LENGTH_DELIMITED).bytes(entry.bytes(inner.bytes).finish());
    return inner.message;
  }
  const type = field.kind === 'enum' ? 'int32' : field.type;
  const value = scalarValue(type, field.no);
  const packed = field.repeated && type !== 'string' && type !== 'bytes';
  const wireType =
    type === 'float' ? 5 : type === 'string' || type === 'bytes' || packed ? LENGTH_DELIMITED : 0;
  writer.tag(field.no, wireType);
  if (packed) writer.fork();
  writeScalar(writer, type, value);
  if (packed) writer.join();
  return value;
}

function scalarValue(type: string, no: number): unknown {
  if (type === 'bool') return true;
  if (type === 'string') return `text ${no} äöü`;
  if (type === 'bytes') return Uint8Array.of(no, 0, 255);
  if (type === 'float') return no + 0.5;
  if (type.endsWith('64')) return 2 ** 52 + no;
  return no;
}

function writeScalar(writer: BinaryWriter, type: string, value: unknown): void {
  const write = writer[type as 'int32'] as (value: unknown) => unknown;
  write.call(writer, value);
}

function skippedLists(name: string): [string, unknown[]][] {
  const lists = sdk.messages.get(name)!.filter((field) => field.kind === 'message' && field.repeated);
  return lists.map((field) => [camelCase(field.name), []]);
}

function isAlwaysThere(field: SdkField): boolean {
  return (
    field.repeated || field.kind === 'map' || (field.kind !== 'message' && !field.optional && !field.oneof)
  );
}

function defaultOf(field: SdkField): unknown {
  if (field.repeated) return [];
  if (field.kind === 'map') return {};
  if (field.type === 'string') return '';
  if (field.type === 'bool') return false;
  if (field.type === 'bytes') return new Uint8Array(0);
  return 0;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
