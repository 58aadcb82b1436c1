import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SendTransport } from '../../../src/engine/send-transport.js';
import { CONNECT_LIMIT_MS, HANDSHAKE_LIMIT_MS, MAX_PRODUCERS_PER_TRANSPORT } from '../../../src/limits.js';
import { readDescription } from '../../../src/sdp/description.js';
import { FakeEngine } from '../../support/fake-engine.js';
import { readFixture } from '../../support/fixtures.js';
import {
  type OfferedSection,
  SAMPLE_CREDENTIALS,
  UNUSED_SECTIONS,
  writeOffer,
} from '../../support/offers.js';

const IDENTITY = { transportId: 't', roomId: 'room', peerId: 'peer', direction: 'send' } as const;

let engine: FakeEngine;
let transport: SendTransport;
let states: string[];

beforeEach(() => {
  vi.useFakeTimers();
  engine = new FakeEngine();
  transport = new SendTransport(
    engine.endpoint,
    IDENTITY,
    readDescription(readFixture('send-transport-offer')),
  );
  states = [];
  transport.onState = (state) => states.push(state);
});

afterEach(() => {
  transport.close();
  vi.useRealTimers();
});

function produce(sections: OfferedSection[], mid: string, producerId = `producer-${mid}`) {
  const { kind } = sections.find((section) => section.mid === mid)!;
  const offer = writeOffer(SAMPLE_CREDENTIALS, sections);
  return transport.produce({ producerId, kind, mid, screenShare: false, offer });
}

/** Each m-line with what matters about it. */
function outline(sdp: string) {
  return readDescription(
    sdp.replaceAll('localpassword', 'a'.repeat(24)).replaceAll('AA:BB', SAMPLE_CREDENTIALS.fingerprint),
  ).sections.map(({ mid, rejected, direction }) => `${mid} ${rejected ? 'rejected' : direction}`);
}

test('the first m-lines are answered inactive and not rejected (media-engine 3.3)', () => {
  expect(outline(transport.answer)).toEqual(['0 inactive', '1 inactive']);
  expect(transport.answer).not.toMatch(/^m=\w+ 0 /m);
});

test('the answer has what an ICE-lite DTLS server says, and every candidate', () => {
  for (const line of [
    'a=ice-lite',
    'a=group:BUNDLE 0 1',
    'a=setup:passive',
    'a=ice-ufrag:localfrag',
    'a=fingerprint:sha-256 AA:BB',
    'a=candidate:1 1 udp 2113929216 192.0.2.7 5004 typ host',
    'a=end-of-candidates',
    'a=rtcp-mux',
  ]) {
    expect(transport.answer.split('\r\n')).toContain(line);
  }
  expect(transport.answer).not.toContain('layers-allocation');
});

test('a microphone is answered recvonly with Opus and its level extension', () => {
  const offer = readFixture('produce-audio-offer');
  const { answer } = transport.produce({
    producerId: 'mic',
    kind: 'audio',
    mid: '2',
    screenShare: false,
    offer,
  });
  expect(outline(answer)).toEqual(['0 inactive', '1 inactive', '2 recvonly']);
  const section = answer.split(/^(?=m=)/m)[3]!;
  expect(section).toContain('m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n');
  expect(section).toContain('a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level');
  expect(section).toContain('a=fmtp:111 minptime=10;useinbandfec=1');
  expect(engine.incoming[0]?.ssrcs).toEqual({ media: 1212794496 });
});

test('simulcast layers are received, best first', () => {
  const sections: OfferedSection[] = [...UNUSED_SECTIONS, { kind: 'video', mid: '2', rids: ['q', 'f', 'h'] }];
  const { answer, producer } = produce(sections, '2');
  expect(producer.rids).toEqual(['f', 'h', 'q']);
  expect(answer).toContain('a=rid:f recv\r\na=rid:h recv\r\na=rid:q recv\r\na=simulcast:recv f;h;q\r\n');
  expect(engine.incoming[0]?.encodings).toEqual([[{ id: 'f' }], [{ id: 'h' }], [{ id: 'q' }]]);
});

test('a second codec of the table is carried when the m-line offers only that', () => {
  const { producer, answer } = produce(
    [...UNUSED_SECTIONS, { kind: 'video', mid: '2', codecs: 'h264', ssrc: 5 }],
    '2',
  );
  expect(producer.codec).toMatchObject({ name: 'H264', payloadType: 108, rtxPayloadType: 109 });
  expect(answer).toContain('m=video 9 UDP/TLS/RTP/SAVPF 108 109\r\n');
});

test('a closed producer is answered inactive, never port 0, and its track stops (protocol.md 6.2)', () => {
  const sections: OfferedSection[] = [...UNUSED_SECTIONS, { kind: 'video', mid: '2', ssrc: 7 }];
  produce(sections, '2');
  const offer = writeOffer(SAMPLE_CREDENTIALS, [
    ...UNUSED_SECTIONS,
    { ...sections[2]!, direction: 'inactive' },
  ]);
  const answer = transport.closeProducer('producer-2', offer)!;
  expect(outline(answer)).toEqual(['0 inactive', '1 inactive', '2 inactive']);
  expect(answer).not.toMatch(/^m=\w+ 0 /m);
  expect(engine.incoming[0]?.stopped).toBe(true);
  // The next m-line is appended, and the old one stays as it is.
  const next = produce(
    [...UNUSED_SECTIONS, { ...sections[2]!, direction: 'inactive' }, { kind: 'audio', mid: '3' }],
    '3',
  );
  expect(outline(next.answer)).toEqual(['0 inactive', '1 inactive', '2 inactive', '3 recvonly']);
});

test('closing an unknown producer, or without an offer, does no harm', () => {
  expect(transport.closeProducer('nobody', undefined)).toBeUndefined();
});

test('the description keeps its session id, and its version grows', () => {
  const origin = (sdp: string) => /^o=- (\d+) (\d+) /m.exec(sdp)!.slice(1);
  const [session, version] = origin(transport.answer);
  const { answer } = produce([...UNUSED_SECTIONS, { kind: 'audio', mid: '2', ssrc: 9 }], '2');
  expect(origin(answer)).toEqual([session, String(Number(version) + 1)]);
});

test.each([
  ['a mid that is not there', [...UNUSED_SECTIONS], '7', 'audio'],
  ['the wrong kind', [...UNUSED_SECTIONS, { kind: 'audio', mid: '2' }], '2', 'video'],
  ['a given-up m-line', [...UNUSED_SECTIONS, { kind: 'audio', mid: '2', rejected: true }], '2', 'audio'],
  ['no codec of ours', [...UNUSED_SECTIONS, { kind: 'audio', mid: '2', codecs: 'h264' }], '2', 'audio'],
] as [string, OfferedSection[], string, 'audio' | 'video'][])('refuses %s', (_what, sections, mid, kind) => {
  const offer = writeOffer(SAMPLE_CREDENTIALS, sections);
  const request = { producerId: 'p', kind, mid, screenShare: false, offer };
  expect(() => transport.produce(request)).toThrow(expect.objectContaining({ code: 'invalid_sdp' }));
  expect(engine.incoming).toEqual([]);
});

test('refuses a second track on an m-line, and more tracks than a peer may send', () => {
  const sections = [...UNUSED_SECTIONS];
  for (let count = 0; count < MAX_PRODUCERS_PER_TRANSPORT; count += 1) {
    sections.push({ kind: 'audio', mid: `${count + 2}`, ssrc: count + 1 });
    produce(sections, `${count + 2}`);
  }
  sections.push({ kind: 'audio', mid: '99' });
  expect(() => produce(sections, '99')).toThrow(expect.objectContaining({ code: 'limit' }));
  transport.closeProducer('producer-2', undefined);
  expect(() => produce(sections, '3', 'again')).toThrow(expect.objectContaining({ code: 'invalid_sdp' }));
});

test('without a DTLS handshake the transport fails: in time from the first check, and in all', () => {
  engine.emit('remoteicecandidate');
  vi.advanceTimersByTime(HANDSHAKE_LIMIT_MS - 1);
  expect(states).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(states).toEqual(['failed']);
  expect(engine.stopped).toBe(true);
});

test('a client that never shows up is given up', () => {
  vi.advanceTimersByTime(CONNECT_LIMIT_MS);
  expect(states).toEqual(['failed']);
});

test('a connected transport stays, and ends with its connection or a silent client', () => {
  engine.emit('remoteicecandidate');
  engine.emit('dtlsstate', 'connected');
  vi.advanceTimersByTime(10 * CONNECT_LIMIT_MS);
  expect(states).toEqual(['connected']);
  engine.emit('icetimeout');
  engine.emit('dtlsstate', 'closed');
  expect(states).toEqual(['connected', 'closed']);
  expect(engine.stopped).toBe(true);
});

test('carries what Firefox sends: payload types of its own, and simulcast', () => {
  const firefox = new SendTransport(
    engine.endpoint,
    IDENTITY,
    readDescription(readFixture('firefox-send-transport-offer')),
  );
  const { producer, answer } = firefox.produce({
    producerId: 'camera',
    kind: 'video',
    mid: '3',
    screenShare: false,
    offer: readFixture('firefox-produce-offer'),
  });
  expect(producer.codec).toMatchObject({ name: 'VP8', payloadType: 120 });
  expect(producer.rids).toEqual(['f', 'h']);
  const [, camera] = answer.split('a=mid:3\r\n');
  expect(camera).toMatch(/^a=recvonly\r$/m);
  expect(camera).toMatch(/^a=simulcast:recv f;h\r$/m);
  firefox.close();
});
