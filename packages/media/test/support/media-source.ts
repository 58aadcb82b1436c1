import type { TestConnection } from './peer.js';
import { audioLevel, buildRtp, midExtension, PAYLOAD_TYPES, ridExtension, vp8Payload } from './rtp.js';

const AUDIO_INTERVAL_MS = 20;
const VIDEO_INTERVAL_MS = 40;

/** Sends a track until it is stopped, as a browser would: 50 packets of sound or 25 frames a second. */
export class MediaSource {
  sent = 0;
  readonly #timer: NodeJS.Timeout;

  private constructor(intervalMs: number, send: (sequenceNumber: number) => void) {
    this.#timer = setInterval(() => {
      this.sent += 1;
      send(this.sent);
    }, intervalMs);
  }

  static audio(
    connection: TestConnection,
    track: { mid: string; ssrc: number },
    options: { level?: number; payload?: Buffer } = {},
  ): MediaSource {
    return new MediaSource(AUDIO_INTERVAL_MS, (sequenceNumber) => {
      connection.sendRtp(
        buildRtp({
          payloadType: PAYLOAD_TYPES.opus,
          sequenceNumber,
          timestamp: sequenceNumber * 960,
          ssrc: track.ssrc,
          extensions: [midExtension(track.mid), audioLevel(options.level ?? 30)],
          payload: options.payload ?? Buffer.from('a frame of sound'),
        }),
      );
    });
  }

  /** One packet per frame; every tenth frame is a key frame. With a rid it is one simulcast layer. */
  static video(
    connection: TestConnection,
    track: { mid: string; ssrc: number },
    options: { rid?: string; frameBytes?: number; fill?: number } = {},
  ): MediaSource {
    return new MediaSource(VIDEO_INTERVAL_MS, (sequenceNumber) => {
      connection.sendRtp(
        buildRtp({
          payloadType: PAYLOAD_TYPES.vp8,
          sequenceNumber,
          timestamp: sequenceNumber * 3_600,
          ssrc: track.ssrc,
          marker: true,
          extensions: [midExtension(track.mid), ...(options.rid ? [ridExtension(options.rid)] : [])],
          payload: vp8Payload({
            pictureId: sequenceNumber,
            keyFrame: sequenceNumber % 10 === 1,
            size: options.frameBytes ?? 200,
            ...(options.fill === undefined ? {} : { fill: options.fill }),
          }),
        }),
      );
    });
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
