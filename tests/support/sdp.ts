export interface OfferedTrack {
  kind: 'audio' | 'video';
  mid: string;
  ssrc?: number;
}

const CODEC = { audio: [111, 'opus/48000/2'], video: [96, 'VP8/90000'] } as const;
const FINGERPRINT = Array.from({ length: 32 }, (_, byte) => (byte + 16).toString(16).toUpperCase()).join(':');

/** The two senders that every connection of the SDK begins with and never uses (protocol.md 6.1). */
export const UNUSED_TRACKS: OfferedTrack[] = [
  { kind: 'audio', mid: '0' },
  { kind: 'video', mid: '1' },
];

/** An offer such as the SDK sends, cut down to one codec for each track; nobody is behind it. */
export function offerOf(tracks: OfferedTrack[]): string {
  const lines = [
    'v=0',
    'o=- 5345656849022427144 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${tracks.map(({ mid }) => mid).join(' ')}`,
    ...tracks.flatMap(({ kind, mid, ssrc }) => {
      const [payloadType, codec] = CODEC[kind];
      return [
        `m=${kind} 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
        'c=IN IP4 0.0.0.0',
        'a=ice-ufrag:CfE3',
        'a=ice-pwd:t3RwOCPmpiBRCZd55/9SwVz9',
        `a=fingerprint:sha-256 ${FINGERPRINT}`,
        'a=setup:actpass',
        `a=mid:${mid}`,
        'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
        'a=sendonly',
        'a=rtcp-mux',
        `a=rtpmap:${payloadType} ${codec}`,
        ...(ssrc === undefined ? [] : [`a=ssrc:${ssrc} cname:JAfhnBqGXO3SMgmE`]),
      ];
    }),
  ];
  return `${lines.join('\r\n')}\r\n`;
}
