/** Something that forwards the packets of one sender to many receivers. */
export interface Sfu {
  /** The process whose CPU time is measured. */
  pid: number;
  /** Connects the sender. */
  publish(): Promise<Publisher>;
  /** Connects a receiver of everything that the sender sends; `onPacket` is called for every RTP packet. */
  subscribe(onPacket: () => void): Promise<void>;
  stop(): Promise<void>;
}

export interface Publisher {
  /** Numbers that the packets of the two tracks must carry. */
  audio: TrackNumbers;
  video: TrackNumbers;
  send(packet: Buffer): void;
}

export interface TrackNumbers {
  ssrc: number;
  payloadType: number;
  /** Value of the header extension with the m-line's id, where the receiver's end wants it. */
  mid?: string;
}

/** As Chromium numbers them. */
export const OPUS_PAYLOAD_TYPE = 111;
export const VP8_PAYLOAD_TYPE = 96;
export const RTX_PAYLOAD_TYPE = 97;
export const MID_EXTENSION_ID = 4;
