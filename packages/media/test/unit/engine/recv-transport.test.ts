import { beforeEach, expect, test } from 'vitest';
import type { Producer } from '../../../src/engine/producer.js';
import { RecvTransport } from '../../../src/engine/recv-transport.js';
import { SendTransport } from '../../../src/engine/send-transport.js';
import { MAX_CONSUMES_PER_REQUEST, MAX_MEDIA_SECTIONS } from '../../../src/limits.js';
import { readDescription } from '../../../src/sdp/description.js';
import { FakeEngine } from '../../support/fake-engine.js';
import { readFixture } from '../../support/fixtures.js';
import {
  type OfferedSection,
  SAMPLE_CREDENTIALS,
  UNUSED_SECTIONS,
  writeAnswer,
  writeOffer,
} from '../../support/offers.js';

const ROOM = { roomId: 'room', peerId: 'peer' };

let engine: FakeEngine;
let transport: RecvTransport;
let producers: Map<string, Producer>;

beforeEach(() => {
  engine = new FakeEngine();
  const offer = readDescription(writeOffer(SAMPLE_CREDENTIALS, UNUSED_SECTIONS));
  transport = new RecvTransport(engine.endpoint, { ...ROOM, transportId: 'r', direction: 'recv' }, offer);
  producers = new Map();
  return () => transport.close();
});

function addProducer(
  id: string,
  kind: 'audio' | 'video',
  codecs: OfferedSection['codecs'] = 'single',
): Producer {
  const offer = readDescription(writeOffer(SAMPLE_CREDENTIALS, UNUSED_SECTIONS));
  const sender = new SendTransport(
    new FakeEngine().endpoint,
    { ...ROOM, transportId: id, direction: 'send' },
    offer,
  );
  const sections: OfferedSection[] = [...UNUSED_SECTIONS, { kind, mid: '2', ssrc: 5, codecs }];
  const request = { producerId: id, kind, mid: '2', screenShare: false };
  const { producer } = sender.produce({ ...request, offer: writeOffer(SAMPLE_CREDENTIALS, sections) });
  producers.set(id, producer);
  return producer;
}

function consume(...producerIds: string[]) {
  const requests = producerIds.map((producerId) => ({ producerId }));
  return transport.consume(requests, (producerId) => producers.get(producerId));
}

function readOurs(sdp: string) {
  const usable = sdp
    .replaceAll('localpassword', 'a'.repeat(24))
    .replaceAll('AA:BB', SAMPLE_CREDENTIALS.fingerprint);
  return readDescription(usable).sections;
}

function outline(sdp: string): string[] {
  return readOurs(sdp).map(({ mid, rejected, direction }) => `${mid} ${rejected ? 'rejected' : direction}`);
}

/** The client's offer with which it gives m-lines up. */
function closingOffer(kept: OfferedSection[]): string {
  return writeOffer(SAMPLE_CREDENTIALS, [...UNUSED_SECTIONS, ...kept]);
}

test('consumers get m-lines of their own, and the offer is one of a DTLS server that may be asked', () => {
  addProducer('mic', 'audio');
  addProducer('cam', 'video');
  const { results, offer } = consume('mic', 'cam');
  expect(results).toEqual([
    { producerId: 'mic', mid: '100' },
    { producerId: 'cam', mid: '101' },
  ]);
  expect(outline(offer!)).toEqual(['0 inactive', '1 inactive', '100 sendonly', '101 sendonly']);
  expect(offer).toContain('a=setup:actpass');
  const [, , mic, cam] = readOurs(offer!);
  expect(mic?.codecs.map(({ name }) => name)).toEqual(['opus']);
  expect(cam?.codecs.map(({ name, payloadType }) => [name, payloadType])).toEqual([
    ['VP8', 96],
    ['rtx', 97],
  ]);
  expect(cam?.ssrcs).toEqual({ media: 1002, rtx: 1003 });
  expect(mic?.ssrcs).toEqual({ media: 1000, rtx: undefined });
});

test('media starts with the answer, not before, and not on m-lines that the client does not take', () => {
  addProducer('mic', 'audio');
  addProducer('cam', 'video');
  const { offer } = consume('mic', 'cam');
  expect(engine.outgoing.map(({ attachedTo }) => attachedTo)).toEqual([undefined, undefined]);
  const answer = writeAnswer(SAMPLE_CREDENTIALS, offer!.replaceAll('AA:BB', SAMPLE_CREDENTIALS.fingerprint));
  const [head, first, second, mic, cam] = answer.split(/^(?=m=)/m);
  const refused = cam!.replace(/^m=video 9/, 'm=video 0').replace('a=recvonly', 'a=inactive');
  transport.renegotiate([head, first, second, mic, refused].join(''));
  expect(engine.outgoing.map(({ attachedTo, stopped }) => [attachedTo, stopped])).toEqual([
    ['mic', false],
    [undefined, true],
  ]);
});

test('producers that are not here may be asked for again; other rooms are as if they were not', () => {
  addProducer('elsewhere', 'audio');
  Object.assign(producers.get('elsewhere')!, { roomId: 'another' });
  expect(consume('nobody', 'elsewhere')).toEqual({
    results: [
      { producerId: 'nobody', error: 'try_again' },
      { producerId: 'elsewhere', error: 'try_again' },
    ],
  });
});

test('a codec that the client did not offer cannot be consumed', () => {
  addProducer('h264', 'video', 'h264');
  engine = new FakeEngine();
  const noH264 = readFixture('send-transport-offer').replaceAll('H264/90000', 'XYZ/90000');
  transport = new RecvTransport(
    engine.endpoint,
    { ...ROOM, transportId: 'r', direction: 'recv' },
    readDescription(noH264),
  );
  expect(consume('h264').results).toEqual([{ producerId: 'h264', error: 'not_found_track_error' }]);
});

test('asking again for a producer answers the same m-line', () => {
  addProducer('mic', 'audio');
  expect(consume('mic').results).toEqual(consume('mic').results);
  expect(engine.outgoing).toHaveLength(1);
});

test('zero ports are mirrored, what is kept is answered with the same sources (protocol.md 6.6)', () => {
  addProducer('one', 'video');
  addProducer('two', 'video');
  const { offer } = consume('one', 'two');
  const before = readOurs(offer!)[3]!.ssrcs;
  const answer = transport.closeConsumers(
    ['100'],
    closingOffer([
      { kind: 'video', mid: '100', rejected: true },
      { kind: 'video', mid: '101', direction: 'recvonly' },
    ]),
  );
  expect(outline(answer)).toEqual(['0 inactive', '1 inactive', '100 rejected', '101 sendonly']);
  expect(answer).toContain('a=group:BUNDLE 0 1 101\r\n');
  expect(answer).toContain('a=setup:passive');
  expect(readOurs(answer)[3]!.ssrcs).toEqual(before);
  expect(engine.outgoing.map(({ stopped }) => stopped)).toEqual([true, false]);
});

test("the SDK's own closing offer is understood, attributes in another order", () => {
  const answer = transport.closeConsumers(['2'], readFixture('close-consumers-offer'));
  expect(outline(answer)).toEqual(['0 inactive', '1 inactive', '2 rejected', '3 inactive']);
});

test('a free m-line is used again by its kind, under a mid that was never used', () => {
  for (const id of ['one', 'two', 'three']) addProducer(id, 'video');
  addProducer('mic', 'audio');
  consume('one', 'two');
  const kept: OfferedSection[] = [
    { kind: 'video', mid: '100', rejected: true },
    { kind: 'video', mid: '101', direction: 'recvonly' },
  ];
  transport.closeConsumers(['100'], closingOffer(kept));
  const { results, offer } = consume('mic', 'three');
  expect(results.map((result) => 'mid' in result && result.mid)).toEqual(['102', '103']);
  expect(outline(offer!)).toEqual([
    '0 inactive',
    '1 inactive',
    '103 sendonly',
    '101 sendonly',
    '102 sendonly',
  ]);
});

test('m-lines end at their bound, with an error that the SDK does not retry', () => {
  const ids = Array.from({ length: MAX_MEDIA_SECTIONS }, (_, index) => `p${index}`);
  for (const id of ids) addProducer(id, 'audio');
  const room = MAX_MEDIA_SECTIONS - UNUSED_SECTIONS.length;
  for (let at = 0; at < room; at += 50) consume(...ids.slice(at, Math.min(at + 50, room)));
  expect(consume(ids[room]!).results).toEqual([{ producerId: ids[room], error: 'backend_error' }]);
  const tooMany = Array.from({ length: MAX_CONSUMES_PER_REQUEST + 1 }, () => 'p0');
  expect(() => consume(...tooMany)).toThrow(expect.objectContaining({ code: 'limit' }));
});

test('a closed producer leaves its m-lines to their clients, and late answers do no harm', () => {
  const producer = addProducer('mic', 'audio');
  const { offer } = consume('mic');
  producer.close();
  transport.renegotiate(
    writeAnswer(SAMPLE_CREDENTIALS, offer!.replaceAll('AA:BB', SAMPLE_CREDENTIALS.fingerprint)),
  );
  expect(engine.outgoing[0]).toEqual({ id: '100', attachedTo: undefined, stopped: false });
  transport.closeConsumers(['100'], closingOffer([{ kind: 'audio', mid: '100', rejected: true }]));
  expect(engine.outgoing[0]?.stopped).toBe(true);
});

test('a hostile client that renames or drops m-lines loses its own consumers only', () => {
  const producer = addProducer('mic', 'audio');
  consume('mic');
  const answer = transport.closeConsumers(
    [],
    closingOffer([{ kind: 'audio', mid: 'renamed', direction: 'recvonly' }]),
  );
  expect(outline(answer)).toEqual(['0 inactive', '1 inactive', 'renamed inactive']);
  expect(engine.outgoing[0]?.stopped).toBe(true);
  expect(producer.closed).toBe(false);
  expect(outline(transport.closeConsumers([], closingOffer([])))).toEqual(['0 inactive', '1 inactive']);
});

test('first offers with more m-lines than two are taken, as the SDK makes them when it tries again', () => {
  const sections: OfferedSection[] = [
    ...UNUSED_SECTIONS,
    { kind: 'audio', mid: '2', codecs: 'all' },
    { kind: 'video', mid: '3', codecs: 'all' },
  ];
  const offer = readDescription(writeOffer(SAMPLE_CREDENTIALS, sections));
  const retried = new RecvTransport(
    engine.endpoint,
    { ...ROOM, transportId: 'r2', direction: 'recv' },
    offer,
  );
  expect(outline(retried.answer)).toEqual(['0 inactive', '1 inactive', '2 inactive', '3 inactive']);
  retried.close();
});
