import { edge, MediaEvent, media } from '@parley/wire';
import nodeDataChannel, { type PeerConnection, type Track } from 'node-datachannel';
import type { RawSocket } from './raw-socket.js';

/** 20 ms of a loud tone of 1 kHz as Opus; sent again and again it is a loud buzz. */
const TONE = Buffer.from(
  '+JwcwyFS734J4hXU1D9OngodoxD3LaxO7NXh7woE+jIAzzY6LUEK1jz15tfbGejHSSzal30c6YXnfvzR',
  'base64',
);
const FRAME_MS = 20;
const FRAME_SAMPLES = 960;
const PAYLOAD_TYPE = 111;
const SSRC = 4_711;

/** A participant's microphone that really sends: ICE, DTLS, SRTP and Opus, by the SDK's conversation about them. */
export class Microphone {
  readonly #peer: PeerConnection;
  readonly #track: Track;
  readonly #timer: NodeJS.Timeout;
  #sent = 0;

  private constructor(peer: PeerConnection, track: Track) {
    this.#peer = peer;
    this.#track = track;
    const startedAtMs = Date.now();
    this.#timer = setInterval(() => {
      while (this.#sent * FRAME_MS <= Date.now() - startedAtMs) this.#send();
    }, FRAME_MS);
  }

  /** For a socket that has joined. Once the media worker was replaced it has to be opened anew, as the SDK does. */
  static async open(socket: RawSocket): Promise<Microphone> {
    await socket.refusalOf(MediaEvent.selfJoinComplete, {});
    const peer = new nodeDataChannel.PeerConnection('microphone', {
      iceServers: [],
      bindAddress: '127.0.0.1',
      disableAutoNegotiation: true,
      // The library checks the fingerprint before it has stored it when the answer comes fast.
      disableFingerprintVerification: true,
    });
    const audio = new nodeDataChannel.Audio('0', 'SendOnly');
    audio.addOpusCodec(PAYLOAD_TYPE);
    audio.addSSRC(SSRC, 'microphone');
    const track = peer.addTrack(audio);
    peer.setLocalDescription('offer');
    const description = { target: 0, type: 'offer', sdp: peer.localDescription()!.sdp } as const;
    await accepted(
      socket.refusalOf(
        MediaEvent.createWebRTCTransport,
        media.CreateTransportRequest.fromPartial({ description }),
      ),
    );
    const produced = socket.received(MediaEvent.produce).length;
    const request = { kind: 'audio', appData: '{"mid":"0"}', mimeType: 'audio/opus', description };
    await accepted(socket.refusalOf(MediaEvent.produce, edge.ProducerCreateRequest.fromPartial(request)));
    const answer = socket.received(MediaEvent.produce)[produced]!;
    const opened = new Promise<void>((resolve) => track.onOpen(resolve));
    peer.setRemoteDescription(answer.description!.sdp, 'answer');
    await opened;
    return new Microphone(peer, track);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#peer.close();
  }

  #send(): void {
    const packet = Buffer.alloc(12 + TONE.length);
    packet[0] = 0x80;
    packet[1] = PAYLOAD_TYPE;
    packet.writeUInt16BE(this.#sent % 65_536, 2);
    packet.writeUInt32BE((this.#sent * FRAME_SAMPLES) % 2 ** 32, 4);
    packet.writeUInt32BE(SSRC, 8);
    TONE.copy(packet, 12);
    this.#sent += 1;
    if (this.#track.isOpen()) this.#track.sendMessageBinary(packet);
  }
}

async function accepted(refusal: Promise<string | null>): Promise<void> {
  const text = await refusal;
  if (text !== null) throw new Error(text);
}
