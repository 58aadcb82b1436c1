import type { MediaKind } from '../rpc.js';
import type { HeaderExtension } from './description.js';
import type { NegotiatedCodec } from './media-table.js';

/** The local side of a transport; it never changes during the transport's life. */
export interface LocalTransport {
  ice: { ufrag: string; pwd: string };
  /** SHA-256 of the worker's certificate. */
  fingerprint: string;
  candidates: { foundation: string; priority: number; ip: string; port: number }[];
}

/** An RTP stream of ours in a `sendonly` m-line. */
export interface SentSource {
  cname: string;
  streamId: string;
  trackId: string;
  ssrc: number;
  rtxSsrc: number | undefined;
}

export type WrittenSection =
  /** Given up by the client with port 0, which an answer mirrors. */
  | { state: 'rejected'; media: string; protocol: string; mid: string; format: string }
  | {
      state: 'live';
      kind: MediaKind;
      mid: string;
      direction: 'sendonly' | 'recvonly' | 'inactive';
      codec: NegotiatedCodec;
      extensions: HeaderExtension[];
      /** Layers that we receive; empty without simulcast. */
      receivedRids: string[];
      source?: SentSource;
    };

export interface WrittenDescription {
  /** Fixed for a transport. */
  sessionId: string;
  /** Grows with every description of a transport. */
  version: number;
  /** The engine is always the DTLS server: `passive` in answers, `actpass` in offers. */
  setup: 'passive' | 'actpass';
  local: LocalTransport;
  sections: WrittenSection[];
}

export function writeDescription(description: WrittenDescription): string {
  const bundled = description.sections
    .filter((section) => section.state === 'live')
    .map((section) => section.mid);
  const lines = [
    'v=0',
    `o=- ${description.sessionId} ${description.version} IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${bundled.join(' ')}`.trimEnd(),
    'a=ice-lite',
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS *',
    ...description.sections.flatMap((section) => writeSection(section, description)),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function writeSection(section: WrittenSection, { local, setup }: WrittenDescription): string[] {
  if (section.state === 'rejected') {
    return [
      `m=${section.media} 0 ${section.protocol} ${section.format}`,
      'c=IN IP4 0.0.0.0',
      `a=mid:${section.mid}`,
      'a=inactive',
    ];
  }
  const { codec } = section;
  const formats = [codec.payloadType, codec.rtxPayloadType].filter((format) => format !== undefined);
  return [
    `m=${section.kind} 9 UDP/TLS/RTP/SAVPF ${formats.join(' ')}`,
    'c=IN IP4 0.0.0.0',
    'a=rtcp:9 IN IP4 0.0.0.0',
    ...local.candidates.map(
      ({ foundation, priority, ip, port }) =>
        `a=candidate:${foundation} 1 udp ${priority} ${ip} ${port} typ host`,
    ),
    'a=end-of-candidates',
    `a=ice-ufrag:${local.ice.ufrag}`,
    `a=ice-pwd:${local.ice.pwd}`,
    `a=fingerprint:sha-256 ${local.fingerprint}`,
    `a=setup:${setup}`,
    `a=mid:${section.mid}`,
    ...section.extensions.map((extension) => `a=extmap:${extension.id} ${extension.uri}`),
    `a=${section.direction}`,
    ...(section.source ? [`a=msid:${section.source.streamId} ${section.source.trackId}`] : []),
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...writeCodec(codec),
    ...section.receivedRids.map((rid) => `a=rid:${rid} recv`),
    ...(section.receivedRids.length > 0 ? [`a=simulcast:recv ${section.receivedRids.join(';')}`] : []),
    ...(section.source ? writeSource(section.source) : []),
  ];
}

function writeCodec(codec: NegotiatedCodec): string[] {
  const { payloadType, rtxPayloadType } = codec;
  const channels = codec.channels === undefined ? '' : `/${codec.channels}`;
  return [
    `a=rtpmap:${payloadType} ${codec.name}/${codec.clockRate}${channels}`,
    ...codec.feedback.map((feedback) => `a=rtcp-fb:${payloadType} ${feedback}`),
    ...(codec.parameters ? [`a=fmtp:${payloadType} ${codec.parameters}`] : []),
    ...(rtxPayloadType === undefined
      ? []
      : [`a=rtpmap:${rtxPayloadType} rtx/${codec.clockRate}`, `a=fmtp:${rtxPayloadType} apt=${payloadType}`]),
  ];
}

function writeSource({ cname, streamId, trackId, ssrc, rtxSsrc }: SentSource): string[] {
  const ssrcs = rtxSsrc === undefined ? [ssrc] : [ssrc, rtxSsrc];
  return [
    ...(rtxSsrc === undefined ? [] : [`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`]),
    ...ssrcs.flatMap((id) => [`a=ssrc:${id} cname:${cname}`, `a=ssrc:${id} msid:${streamId} ${trackId}`]),
  ];
}
