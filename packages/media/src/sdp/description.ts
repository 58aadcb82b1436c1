import { parse as parseSdp, parseSimulcastStreamList } from 'sdp-transform';
import { MediaFailure } from '../errors.js';
import { MAX_MEDIA_SECTIONS, MAX_SDP_BYTES, MAX_SDP_LINES } from '../limits.js';

type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** One payload type of an m-line, with its parameters as the client wrote them. */
export interface OfferedCodec {
  payloadType: number;
  /** As written, e.g. `VP8`; compare without case. */
  name: string;
  clockRate: number;
  channels: number | undefined;
  /** The value of `a=fmtp`, empty when there is none. */
  parameters: string;
  /** Values of `a=rtcp-fb`, e.g. `nack pli`. */
  feedback: string[];
}

export interface HeaderExtension {
  id: number;
  uri: string;
}

export interface MediaSection {
  /** `audio`, `video` or whatever else the client offers. */
  media: string;
  protocol: string;
  mid: string;
  /** Port 0: the client has given this m-line up. With `a=bundle-only` it has not (RFC 8843, section 6). */
  rejected: boolean;
  direction: Direction;
  /** In the client's order of preference. */
  codecs: OfferedCodec[];
  extensions: HeaderExtension[];
  /** The first payload format, which an answer that rejects the m-line has to repeat. */
  firstFormat: string;
  /** The first source and its retransmission source, when the m-line names them. */
  ssrcs: { media: number; rtx: number | undefined } | undefined;
  /** Restriction ids of `a=simulcast:send`, in the order written; empty without simulcast. */
  sendRids: string[];
}

export interface Description {
  ice: { ufrag: string; pwd: string };
  dtls: { hash: string; fingerprint: string };
  sections: MediaSection[];
}

/** RFC 8839: 4 to 256 and 22 to 256 ice-chars. */
const ICE_UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const ICE_PWD = /^[A-Za-z0-9+/]{22,256}$/;
const FINGERPRINT_HASH = /^sha-(1|224|256|384|512)$/i;
const FINGERPRINT = /^[0-9A-F]{2}(:[0-9A-F]{2}){19,63}$/i;
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,32}$/;
const RID = /^[A-Za-z0-9]{1,8}$/;
const LARGEST_SSRC = 0xffffffff;
/** Stands for the format of an m-line without one, as Firefox writes one that was rejected before. */
const UNKNOWN_FORMAT = '0';

/**
 * Reads what the worker needs of a client's offer or answer. Values that go into the engine or back into SDP are
 * checked here, so that nothing behind this function has to distrust them.
 * Throws MediaFailure `invalid_sdp` or `limit`.
 */
export function readDescription(sdp: string): Description {
  if (sdp.length > MAX_SDP_BYTES) throw new MediaFailure('limit', 'The description is too long.');
  if (countLines(sdp) > MAX_SDP_LINES) throw new MediaFailure('limit', 'The description has too many lines.');
  const parsed = parseSdp(sdp);
  if (parsed.media.length === 0) throw invalid('it has no m-line');
  if (parsed.media.length > MAX_MEDIA_SECTIONS) {
    throw new MediaFailure('limit', `The description has more than ${MAX_MEDIA_SECTIONS} m-lines.`);
  }
  const sections = parsed.media.map(readSection);
  if (new Set(sections.map((section) => section.mid)).size !== sections.length)
    throw invalid('a mid is used twice');

  const bundle = parsed.media.find((section) => section.iceUfrag !== undefined);
  const ice = {
    ufrag: text(bundle?.iceUfrag ?? parsed.iceUfrag),
    pwd: text(bundle?.icePwd ?? parsed.icePwd),
  };
  if (!ICE_UFRAG.test(ice.ufrag) || !ICE_PWD.test(ice.pwd))
    throw invalid('its ICE user name or password is unusable');

  const fingerprint = parsed.media.find((section) => section.fingerprint)?.fingerprint ?? parsed.fingerprint;
  const dtls = { hash: text(fingerprint?.type), fingerprint: text(fingerprint?.hash) };
  if (!FINGERPRINT_HASH.test(dtls.hash) || !FINGERPRINT.test(dtls.fingerprint)) {
    throw invalid('its certificate fingerprint is unusable');
  }
  return { ice, dtls, sections };
}

type ParsedSection = ReturnType<typeof parseSdp>['media'][number];

function readSection(section: ParsedSection): MediaSection {
  const mid = text(section.mid);
  if (!TOKEN.test(mid)) throw invalid('an m-line has no usable mid');
  const media = text(section.type);
  const protocol = text(section.protocol);
  if (!TOKEN.test(media) || !/^[A-Za-z0-9/]{1,32}$/.test(protocol)) throw invalid('an m-line is malformed');
  const formats = text(section.payloads).split(' ');
  const rejected = section.port === 0 && section.bundleOnly === undefined;
  const firstFormat = formats.find((format) => TOKEN.test(format)) ?? UNKNOWN_FORMAT;
  return {
    media,
    protocol,
    mid,
    rejected,
    direction: section.direction ?? 'sendrecv',
    codecs: formats.flatMap((format) => readCodec(section, format)),
    extensions: (section.ext ?? [])
      .filter((extension) => isInteger(extension.value, 1, 255) && isUsable(extension.direction, section))
      .map((extension) => ({ id: extension.value, uri: text(extension.uri) })),
    firstFormat,
    ssrcs: readSsrcs(section),
    sendRids: readSendRids(section),
  };
}

/** An extension may be for one direction only (RFC 8285, section 6), and then counts in an m-line of that direction. */
function isUsable(direction: string | undefined, section: ParsedSection): boolean {
  if (direction === undefined || direction === 'sendrecv') return true;
  return direction === section.direction;
}

function readCodec(section: ParsedSection, format: string): OfferedCodec[] {
  const payloadType = Number(format);
  if (!isInteger(payloadType, 0, 127)) return [];
  const map = section.rtp.find((entry) => entry.payload === payloadType);
  if (!map) return [];
  return [
    {
      payloadType,
      name: text(map.codec),
      clockRate: Number(map.rate ?? 0),
      channels: map.encoding === undefined ? undefined : Number(map.encoding),
      parameters: text(section.fmtp.find((entry) => entry.payload === payloadType)?.config),
      feedback: (section.rtcpFb ?? [])
        .filter((entry) => entry.payload === payloadType || entry.payload === '*')
        .map((entry) => (entry.subtype === undefined ? text(entry.type) : `${entry.type} ${entry.subtype}`)),
    },
  ];
}

function readSsrcs(section: ParsedSection): MediaSection['ssrcs'] {
  const group = section.ssrcGroups?.find((entry) => entry.semantics === 'FID');
  const [media, rtx] = group ? text(group.ssrcs).split(' ').map(Number) : [section.ssrcs?.[0]?.id];
  if (!isInteger(media, 1, LARGEST_SSRC)) return undefined;
  return { media, rtx: isInteger(rtx, 1, LARGEST_SSRC) && rtx !== media ? rtx : undefined };
}

function readSendRids(section: ParsedSection): string[] {
  const { simulcast } = section;
  const list =
    simulcast?.dir1 === 'send' ? simulcast.list1 : simulcast?.dir2 === 'send' ? simulcast.list2 : undefined;
  if (list === undefined) return [];
  // Each entry may hold alternatives; the SDK and browsers write one. A leading `~` marks a layer paused for now.
  const rids = parseSimulcastStreamList(text(list)).flatMap((alternatives) => text(alternatives[0]?.scid));
  return [...new Set(rids.filter((rid) => RID.test(rid)))];
}

/** sdp-transform turns what looks like a number into one, also where a number means nothing. */
function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function countLines(sdp: string): number {
  let lines = 1;
  for (let at = sdp.indexOf('\n'); at !== -1; at = sdp.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

function invalid(reason: string): MediaFailure {
  return new MediaFailure('invalid_sdp', `The description cannot be used: ${reason}.`);
}
