/**
 * Descriptions as Chromium writes them under the SDK (protocol.md 6), reduced to a few codecs. The full originals
 * stand in test/fixtures.
 */
export interface Credentials {
  ufrag: string;
  pwd: string;
  fingerprint: string;
}

export const SAMPLE_CREDENTIALS: Credentials = {
  ufrag: 'CfE3',
  pwd: 't3RwOCPmpiBRCZd55/9SwVz9',
  fingerprint: Array.from({ length: 32 }, (_, index) => (index + 16).toString(16).toUpperCase()).join(':'),
};

export interface OfferedSection {
  kind: 'audio' | 'video';
  mid: string;
  direction?: 'sendonly' | 'recvonly' | 'inactive';
  rejected?: boolean;
  ssrc?: number;
  rids?: string[];
  /** All codecs and extensions of Chromium's unused first m-lines, or the one codec of a produced track. */
  codecs?: 'all' | 'single' | 'h264';
}

const EXTENSIONS = {
  audio: [
    'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
    'a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
    'a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
    'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
  ],
  video: [
    'a=extmap:14 urn:ietf:params:rtp-hdrext:toffset',
    'a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
    'a=extmap:13 urn:3gpp:video-orientation',
    'a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
    'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
    'a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
    'a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
    'a=extmap:9 http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00',
  ],
};

const feedback = (payloadType: number) =>
  ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli'].map(
    (value) => `a=rtcp-fb:${payloadType} ${value}`,
  );

const CODECS: Record<
  'audio' | 'video',
  Record<'all' | 'single' | 'h264', { formats: string; lines: string[] }>
> = {
  audio: {
    all: {
      formats: '111 63 9 0 8',
      lines: [
        'a=rtpmap:111 opus/48000/2',
        'a=rtcp-fb:111 transport-cc',
        'a=fmtp:111 minptime=10;useinbandfec=1',
        'a=rtpmap:63 red/48000/2',
        'a=fmtp:63 111/111',
        'a=rtpmap:9 G722/8000',
        'a=rtpmap:0 PCMU/8000',
        'a=rtpmap:8 PCMA/8000',
      ],
    },
    single: {
      formats: '111',
      lines: [
        'a=rtpmap:111 opus/48000/2',
        'a=rtcp-fb:111 transport-cc',
        'a=fmtp:111 minptime=10;useinbandfec=1',
        'a=rtcp-fb:111 nack',
      ],
    },
    h264: { formats: '9', lines: ['a=rtpmap:9 G722/8000'] },
  },
  video: {
    all: {
      formats: '96 97 102 103 108 109 98 99',
      lines: [
        'a=rtpmap:96 VP8/90000',
        ...feedback(96),
        'a=rtpmap:97 rtx/90000',
        'a=fmtp:97 apt=96',
        'a=rtpmap:102 H264/90000',
        ...feedback(102),
        'a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
        'a=rtpmap:103 rtx/90000',
        'a=fmtp:103 apt=102',
        'a=rtpmap:108 H264/90000',
        ...feedback(108),
        'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
        'a=rtpmap:109 rtx/90000',
        'a=fmtp:109 apt=108',
        'a=rtpmap:98 VP9/90000',
        ...feedback(98),
        'a=fmtp:98 profile-id=0',
        'a=rtpmap:99 rtx/90000',
        'a=fmtp:99 apt=98',
      ],
    },
    single: { formats: '96', lines: ['a=rtpmap:96 VP8/90000', ...feedback(96)] },
    h264: {
      formats: '108 109',
      lines: [
        'a=rtpmap:108 H264/90000',
        ...feedback(108),
        'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
        'a=rtpmap:109 rtx/90000',
        'a=fmtp:109 apt=108',
      ],
    },
  },
};

/** The two unused senders with which every connection of the SDK starts. */
export const UNUSED_SECTIONS: OfferedSection[] = [
  { kind: 'audio', mid: '0', codecs: 'all' },
  { kind: 'video', mid: '1', codecs: 'all' },
];

export function writeOffer(credentials: Credentials, sections: OfferedSection[]): string {
  const bundle = sections.filter((section) => !section.rejected).map((section) => section.mid);
  const lines = [
    'v=0',
    'o=- 5345656849022427144 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${bundle.join(' ')}`,
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS',
    ...sections.flatMap((section) => writeSection(credentials, section)),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function writeSection(credentials: Credentials, section: OfferedSection): string[] {
  const codecs = CODECS[section.kind][section.codecs ?? 'single'];
  const { ssrc, rids } = section;
  return [
    `m=${section.kind} ${section.rejected ? 0 : 9} UDP/TLS/RTP/SAVPF ${codecs.formats}`,
    'c=IN IP4 0.0.0.0',
    'a=rtcp:9 IN IP4 0.0.0.0',
    `a=ice-ufrag:${credentials.ufrag}`,
    `a=ice-pwd:${credentials.pwd}`,
    'a=ice-options:trickle',
    `a=fingerprint:sha-256 ${credentials.fingerprint}`,
    'a=setup:actpass',
    `a=mid:${section.mid}`,
    ...EXTENSIONS[section.kind],
    `a=${section.rejected ? 'inactive' : (section.direction ?? 'sendonly')}`,
    'a=msid:- 3bfaa18b-a476-4e2a-b0e5-b520ec8f2d43',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...codecs.lines,
    ...(ssrc === undefined ? [] : [`a=ssrc:${ssrc} cname:JAfhnBqGXO3SMgmE`]),
    ...(rids ?? []).map((rid) => `a=rid:${rid} send`),
    ...(rids ? [`a=simulcast:send ${rids.join(';')}`] : []),
  ];
}

/** The client's answer to an offer of consumers: takes every `sendonly` m-line, leaves the rest as it was. */
export function writeAnswer(credentials: Credentials, offer: string): string {
  const [session, ...sections] = offer.split(/^(?=m=)/m);
  const answered = sections.map((section) =>
    section
      .replace('a=sendonly', 'a=recvonly')
      .replace('a=setup:actpass', 'a=setup:active')
      .replace(/^a=(candidate|end-of-candidates|ssrc|msid).*\r\n/gm, '')
      .replace(/a=ice-ufrag:.*/, `a=ice-ufrag:${credentials.ufrag}`)
      .replace(/a=ice-pwd:.*/, `a=ice-pwd:${credentials.pwd}`)
      .replace(/a=fingerprint:.*/, `a=fingerprint:sha-256 ${credentials.fingerprint}`),
  );
  return [session?.replace('a=ice-lite\r\n', ''), ...answered].join('');
}
