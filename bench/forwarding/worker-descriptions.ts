import { MID_EXTENSION_ID, OPUS_PAYLOAD_TYPE, RTX_PAYLOAD_TYPE, VP8_PAYLOAD_TYPE } from './sfu.js';

/** What a client's descriptions say about its connection. */
export interface Credentials {
  ufrag: string;
  pwd: string;
  /** With the name of its hash function. */
  fingerprint: string;
}

export interface Section {
  kind: 'audio' | 'video';
  mid: string;
  /** Of the track that is sent on it. */
  ssrc?: number;
}

const EXTENSIONS = [
  'a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  `a=extmap:${MID_EXTENSION_ID} urn:ietf:params:rtp-hdrext:sdes:mid`,
];
const CODECS = {
  audio: {
    formats: `${OPUS_PAYLOAD_TYPE}`,
    lines: [
      `a=rtpmap:${OPUS_PAYLOAD_TYPE} opus/48000/2`,
      `a=rtcp-fb:${OPUS_PAYLOAD_TYPE} transport-cc`,
      `a=fmtp:${OPUS_PAYLOAD_TYPE} minptime=10;useinbandfec=1`,
      'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
    ],
  },
  video: {
    formats: `${VP8_PAYLOAD_TYPE} ${RTX_PAYLOAD_TYPE}`,
    lines: [
      `a=rtpmap:${VP8_PAYLOAD_TYPE} VP8/90000`,
      ...['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli'].map(
        (feedback) => `a=rtcp-fb:${VP8_PAYLOAD_TYPE} ${feedback}`,
      ),
      `a=rtpmap:${RTX_PAYLOAD_TYPE} rtx/90000`,
      `a=fmtp:${RTX_PAYLOAD_TYPE} apt=${VP8_PAYLOAD_TYPE}`,
    ],
  },
};

/** An offer in the form of the SDK's browser, reduced to one codec of each kind. */
export function writeOffer(credentials: Credentials, sections: Section[]): string {
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${sections.map(({ mid }) => mid).join(' ')}`,
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS',
    ...sections.flatMap(({ kind, mid, ssrc }) => [
      `m=${kind} 9 UDP/TLS/RTP/SAVPF ${CODECS[kind].formats}`,
      'c=IN IP4 0.0.0.0',
      `a=ice-ufrag:${credentials.ufrag}`,
      `a=ice-pwd:${credentials.pwd}`,
      `a=fingerprint:${credentials.fingerprint}`,
      'a=setup:actpass',
      `a=mid:${mid}`,
      ...EXTENSIONS,
      'a=sendonly',
      'a=rtcp-mux',
      ...CODECS[kind].lines,
      ...(ssrc === undefined ? [] : [`a=ssrc:${ssrc} cname:bench`]),
    ]),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** The answer of a client that takes all that is offered. */
export function writeAnswer(credentials: Credentials, offer: string): string {
  return offer
    .replaceAll('a=sendonly', 'a=recvonly')
    .replaceAll('a=setup:actpass', 'a=setup:active')
    .replace(/^a=(ice-lite|candidate.*|end-of-candidates|ssrc.*|msid:.*)\r\n/gm, '')
    .replace(/^a=ice-ufrag:.*(?=\r)/gm, `a=ice-ufrag:${credentials.ufrag}`)
    .replace(/^a=ice-pwd:.*(?=\r)/gm, `a=ice-pwd:${credentials.pwd}`)
    .replace(/^a=fingerprint:.*(?=\r)/gm, `a=fingerprint:${credentials.fingerprint}`);
}
