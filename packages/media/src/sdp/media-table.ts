import type { MediaKind, TransportDirection } from '../rpc.js';
import type { HeaderExtension, MediaSection, OfferedCodec } from './description.js';

/** What the worker can carry: the one list from which every description and the engine's own tables are made. */
interface CodecRule {
  name: string;
  clockRate: number;
  channels?: number;
  feedback: string[];
  /** Of several payload types of one codec, the first rule that matches the parameters wins. */
  prefer: RegExp[];
}

const VIDEO_FEEDBACK = ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli'];
const ANY = /^/;

const CODECS: Record<MediaKind, CodecRule[]> = {
  audio: [{ name: 'opus', clockRate: 48_000, channels: 2, feedback: ['transport-cc'], prefer: [ANY] }],
  video: [
    { name: 'VP8', clockRate: 90_000, feedback: VIDEO_FEEDBACK, prefer: [ANY] },
    {
      name: 'H264',
      clockRate: 90_000,
      feedback: VIDEO_FEEDBACK,
      // Constrained baseline in packetisation mode 1 is what every browser decodes.
      prefer: [
        /(?=.*packetization-mode=1)(?=.*profile-level-id=42e0)/i,
        /(?=.*packetization-mode=1)(?=.*profile-level-id=42)/i,
      ],
    },
    { name: 'VP9', clockRate: 90_000, feedback: VIDEO_FEEDBACK, prefer: [/profile-id=0/, /^$/] },
  ],
};

const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid';
const ABSOLUTE_SEND_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time';
const TRANSPORT_WIDE_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
const AUDIO_LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
const RID = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';
const REPAIRED_RID = 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id';
const ORIENTATION = 'urn:3gpp:video-orientation';

/**
 * Header extensions by the direction as the client sees it. Video-layers-allocation is left out on purpose: the
 * engine has crashed on malformed ones.
 */
const EXTENSIONS: Record<TransportDirection, Record<MediaKind, string[]>> = {
  send: {
    audio: [MID, AUDIO_LEVEL, ABSOLUTE_SEND_TIME, TRANSPORT_WIDE_CC],
    video: [MID, RID, REPAIRED_RID, ABSOLUTE_SEND_TIME, TRANSPORT_WIDE_CC, ORIENTATION],
  },
  recv: {
    audio: [MID, ABSOLUTE_SEND_TIME],
    video: [MID, ABSOLUTE_SEND_TIME, TRANSPORT_WIDE_CC, ORIENTATION],
  },
};

/** A codec that both sides can, with the client's payload types and parameters. */
export interface NegotiatedCodec {
  name: string;
  payloadType: number;
  /** Payload type of the retransmissions, when the client offers one for this codec. */
  rtxPayloadType: number | undefined;
  clockRate: number;
  channels: number | undefined;
  parameters: string;
  feedback: string[];
}

export interface KindTable {
  codecs: NegotiatedCodec[];
  extensions: HeaderExtension[];
}

export type MediaTable = Record<MediaKind, KindTable>;

/** The table of a transport. Numbers come from the client's first offer and hold for all later m-lines (BUNDLE). */
export function buildMediaTable(direction: TransportDirection, sections: MediaSection[]): MediaTable {
  const ofKind = (kind: MediaKind): KindTable => {
    const section = sections.find((candidate) => candidate.media === kind);
    return section ? negotiate(direction, kind, section) : { codecs: [], extensions: [] };
  };
  return { audio: ofKind('audio'), video: ofKind('video') };
}

/** What one m-line and the worker have in common; codecs in the order of the table above. */
export function negotiate(direction: TransportDirection, kind: MediaKind, section: MediaSection): KindTable {
  const uris = EXTENSIONS[direction][kind];
  return {
    codecs: CODECS[kind].flatMap((rule) => {
      const offered = pick(rule, section.codecs);
      return offered ? [negotiateCodec(rule, offered, section.codecs)] : [];
    }),
    extensions: uris.flatMap((uri) => section.extensions.find((extension) => extension.uri === uri) ?? []),
  };
}

/** The codec that a producer's m-line will carry: the first of the client's that stands in the transport's table. */
export function codecOfSection(section: MediaSection, table: KindTable): NegotiatedCodec | undefined {
  for (const offered of section.codecs) {
    const known = table.codecs.find((codec) => isSame(codec, offered));
    if (!known) continue;
    return { ...known, rtxPayloadType: findRtx(offered, section.codecs), parameters: offered.parameters };
  }
  return undefined;
}

function isSame(codec: NegotiatedCodec, offered: OfferedCodec): boolean {
  return codec.payloadType === offered.payloadType && codec.name.toLowerCase() === offered.name.toLowerCase();
}

function pick(rule: CodecRule, offered: OfferedCodec[]): OfferedCodec | undefined {
  const candidates = offered.filter(
    (codec) => codec.name.toLowerCase() === rule.name.toLowerCase() && codec.clockRate === rule.clockRate,
  );
  for (const wanted of rule.prefer) {
    const match = candidates.find((codec) => wanted.test(codec.parameters));
    if (match) return match;
  }
  return undefined;
}

function negotiateCodec(rule: CodecRule, offered: OfferedCodec, all: OfferedCodec[]): NegotiatedCodec {
  return {
    name: rule.name,
    payloadType: offered.payloadType,
    rtxPayloadType: findRtx(offered, all),
    clockRate: rule.clockRate,
    channels: rule.channels,
    parameters: offered.parameters,
    feedback: rule.feedback.filter((feedback) => offered.feedback.includes(feedback)),
  };
}

function findRtx(codec: OfferedCodec, all: OfferedCodec[]): number | undefined {
  const parameter = `apt=${codec.payloadType}`;
  return all.find(
    (other) => other.name.toLowerCase() === 'rtx' && other.parameters.split(';').includes(parameter),
  )?.payloadType;
}
