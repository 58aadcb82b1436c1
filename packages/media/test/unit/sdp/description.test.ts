import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MediaFailure } from '../../../src/errors.js';
import { MAX_MEDIA_SECTIONS, MAX_SDP_BYTES, MAX_SDP_LINES } from '../../../src/limits.js';
import { readDescription } from '../../../src/sdp/description.js';
import { readFixture } from '../../support/fixtures.js';
import { SAMPLE_CREDENTIALS, UNUSED_SECTIONS, writeOffer } from '../../support/offers.js';

const sample = writeOffer(SAMPLE_CREDENTIALS, UNUSED_SECTIONS);

function failure(sdp: string): MediaFailure {
  try {
    readDescription(sdp);
  } catch (error) {
    if (error instanceof MediaFailure) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

test("reads Chromium's first offer: ICE, DTLS and both m-lines", () => {
  const { ice, dtls, sections } = readDescription(readFixture('send-transport-offer'));
  expect(ice).toEqual({ ufrag: 'CfE3', pwd: 't3RwOCPmpiBRCZd55/9SwVz9' });
  expect(dtls.hash).toBe('sha-256');
  expect(dtls.fingerprint).toMatch(/^93:90:F3:/);
  expect(sections.map(({ media, mid, direction }) => [media, mid, direction])).toEqual([
    ['audio', '0', 'sendonly'],
    ['video', '1', 'sendonly'],
  ]);
  const [audio, video] = sections;
  expect(audio?.codecs[0]).toEqual({
    payloadType: 111,
    name: 'opus',
    clockRate: 48_000,
    channels: 2,
    parameters: 'minptime=10;useinbandfec=1',
    feedback: ['transport-cc'],
  });
  expect(audio?.ssrcs).toEqual({ media: 3487215103, rtx: undefined });
  expect(video?.codecs[0]?.feedback).toEqual(['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli']);
  expect(video?.sendRids).toEqual(['f', 'h', 'q']);
});

test('reads simulcast layers, paused ones too, and no source for them', () => {
  const { sections } = readDescription(readFixture('produce-simulcast-offer'));
  expect(sections[1]?.sendRids).toEqual(['f', 'h', 'q']);
  expect(sections[3]).toMatchObject({ mid: '3', sendRids: ['f', 'h'], ssrcs: undefined });
});

test('reads given-up m-lines and retransmission sources', () => {
  const { sections } = readDescription(readFixture('close-consumers-offer'));
  expect(sections.map(({ mid, rejected }) => [mid, rejected])).toEqual([
    ['0', false],
    ['1', false],
    ['2', true],
    ['3', false],
  ]);
  expect(sections[1]?.ssrcs).toEqual({ media: 1488967868, rtx: 3187892076 });
  expect(sections[2]).toMatchObject({ direction: 'inactive', firstFormat: '96' });
});

test.each([
  ['no m-line', 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n'],
  ['nothing', ''],
  ['not SDP', '{"type":"offer"}'],
  ['no ICE password', sample.replaceAll(/a=ice-pwd:.*\r\n/g, '')],
  ['a password that breaks out of its line', sample.replaceAll(/a=ice-pwd:.*/g, 'a=ice-pwd:short')],
  ['no fingerprint', sample.replaceAll(/a=fingerprint:.*\r\n/g, '')],
  ['an unknown hash', sample.replaceAll('sha-256', 'md5')],
  ['no mid', sample.replaceAll(/a=mid:.*\r\n/g, '')],
  ['one mid twice', sample.replaceAll(/a=mid:.*/g, 'a=mid:0')],
])('refuses %s as invalid', (_what, sdp) => {
  expect(failure(sdp).code).toBe('invalid_sdp');
});

test('refuses what is too long, has too many lines or m-lines', () => {
  expect(failure(sample + 'x'.repeat(MAX_SDP_BYTES)).code).toBe('limit');
  expect(failure(sample + 'a=x\n'.repeat(MAX_SDP_LINES)).code).toBe('limit');
  const many = Array.from({ length: MAX_MEDIA_SECTIONS + 1 }, (_, mid) => ({
    kind: 'audio' as const,
    mid: `${mid}`,
  }));
  expect(failure(writeOffer(SAMPLE_CREDENTIALS, many)).code).toBe('limit');
});

test('a description of all m-lines that a transport may have is accepted', () => {
  const many = Array.from({ length: MAX_MEDIA_SECTIONS }, (_, mid) => ({
    kind: 'video' as const,
    mid: `${mid}`,
    codecs: 'all' as const,
  }));
  expect(readDescription(writeOffer(SAMPLE_CREDENTIALS, many)).sections).toHaveLength(MAX_MEDIA_SECTIONS);
});

test('mutated offers are read or refused, never anything else, and quickly', () => {
  const originals = ['send-transport-offer', 'produce-simulcast-offer', 'close-consumers-offer'].map(
    readFixture,
  );
  const mutation = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.integer({ min: 0, max: 40 }),
    insert: fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom(
        '\r\n',
        '\n',
        'm=video 9 X 1\n',
        'a=mid:',
        'a=ssrc:',
        '4294967296',
        '-1',
        '\u0000',
        'a=simulcast:send ;;~',
      ),
    ),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...originals),
      fc.array(mutation, { minLength: 1, maxLength: 12 }),
      (sdp, mutations) => {
        let mutated = sdp;
        for (const { at, remove, insert } of mutations) {
          const index = Math.floor(at * mutated.length);
          mutated = mutated.slice(0, index) + insert + mutated.slice(index + remove);
        }
        try {
          for (const section of readDescription(mutated).sections) {
            expect(section.mid).toMatch(/^\S{1,32}$/);
            for (const { payloadType } of section.codecs) expect(payloadType).toBeLessThan(128);
            for (const { id } of section.extensions) expect(id).toBeLessThan(256);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(MediaFailure);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test("takes Firefox's m-lines of port 0 for what they are: part of the bundle (RFC 8843)", () => {
  const { sections } = readDescription(readFixture('firefox-send-transport-offer'));
  expect(sections.map(({ media, rejected, direction }) => [media, rejected, direction])).toEqual([
    ['audio', false, 'sendonly'],
    ['video', false, 'sendonly'],
  ]);
  expect(sections[1]?.sendRids).toEqual(['f', 'h', 'q']);
});

test('reads an m-line without any format, as Firefox writes one that was rejected before', () => {
  const sdp = sample.replace(/^(m=video) \d+ (\S+) .*$/m, '$1 0 $2 ');
  expect(readDescription(sdp).sections[1]).toMatchObject({ rejected: true, codecs: [] });
});

test('leaves out header extensions that are for the other direction only (RFC 8285)', () => {
  const [audio, video] = readDescription(readFixture('firefox-send-transport-offer')).sections;
  expect(audio?.extensions.map(({ id }) => id)).toEqual([1, 3, 7]);
  expect(video?.extensions.map(({ id }) => id)).toEqual([3, 4, 5, 7, 8, 9, 10]);
});
