import { randomInt, randomUUID } from 'node:crypto';
import nodeDataChannel, { type PeerConnection, type Track } from 'node-datachannel';
import type { ConsumeResult, MediaKind, Rid, TransportDirection } from '../../src/rpc.js';
import { type Credentials, type OfferedSection, UNUSED_SECTIONS, writeAnswer, writeOffer } from './offers.js';
import { isRtcp, type ParsedRtp, parseRtp } from './rtp.js';
import type { TestWorker } from './worker.js';

/**
 * One connection of a client: a real ICE, DTLS and SRTP session through which any RTP and RTCP can be sent, with
 * descriptions written by hand beside it. So the tests say what the SDK says, and a hostile client whatever it likes.
 */
export class TestConnection {
  readonly transportId = randomUUID();
  readonly received: ParsedRtp[] = [];
  readonly receivedRtcp: Buffer[] = [];
  sections: OfferedSection[] = structuredClone(UNUSED_SECTIONS);
  readonly credentials: Credentials;
  readonly worker: TestWorker;
  readonly #peer: PeerConnection;
  readonly #track: Track;
  /** Set to look at packets instead of keeping them. */
  onRtp: (packet: Buffer) => void = (packet) => this.received.push(parseRtp(packet));

  constructor(worker: TestWorker) {
    this.worker = worker;
    this.#peer = new nodeDataChannel.PeerConnection('peer', {
      iceServers: [],
      bindAddress: '127.0.0.1',
      disableAutoNegotiation: true,
      // The library checks the fingerprint before it has stored it when the answer comes fast.
      disableFingerprintVerification: true,
    });
    const media = new nodeDataChannel.Video('0', 'SendRecv');
    media.addVP8Codec(96);
    media.addSSRC(1, 'cname');
    this.#track = this.#peer.addTrack(media);
    this.#track.onMessage((packet) => {
      if (isRtcp(packet)) this.receivedRtcp.push(packet);
      else this.onRtp(packet);
    });
    this.#peer.setLocalDescription('offer');
    const local = this.#peer.localDescription()?.sdp ?? '';
    const find = (attribute: string) => new RegExp(`a=${attribute}:(\\S+)`).exec(local)?.[1] ?? '';
    this.credentials = {
      ufrag: find('ice-ufrag'),
      pwd: find('ice-pwd'),
      fingerprint: /a=fingerprint:sha-256 (\S+)/i.exec(local)?.[1] ?? '',
    };
  }

  offer(): string {
    return writeOffer(this.credentials, this.sections);
  }

  /** Sends M+1 and resolves when the SRTP session stands. */
  async connect(who: { roomId: string; peerId: string; direction: TransportDirection }): Promise<string> {
    const { transportId } = this;
    const { answer } = await this.worker.request('createTransport', {
      transportId,
      ...who,
      offer: this.offer(),
    });
    await this.#finish(answer);
    return answer;
  }

  /** RTP or RTCP, as it is; false once the worker has closed the connection. */
  sendRtp(packet: Buffer): boolean {
    return this.#track.isOpen() && this.#track.sendMessageBinary(packet);
  }

  close(): void {
    this.#peer.close();
  }

  get state(): string {
    return this.#peer.state();
  }

  #finish(answer: string): Promise<void> {
    const line = (start: string) => new RegExp(`^${start}.*$`, 'm').exec(answer)?.[0] ?? '';
    const remote = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=group:BUNDLE 0',
      'a=ice-lite',
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
      'c=IN IP4 0.0.0.0',
      'a=mid:0',
      'a=sendrecv',
      line('a=ice-ufrag:'),
      line('a=ice-pwd:'),
      line('a=fingerprint:'),
      'a=setup:passive',
      'a=rtcp-mux',
      'a=rtpmap:96 VP8/90000',
      line('a=candidate:'),
      '',
    ].join('\r\n');
    return new Promise((resolve, reject) => {
      this.#track.onOpen(resolve);
      this.#peer.onStateChange((state) => {
        if (state === 'failed' || state === 'closed') reject(new Error(`The connection is ${state}.`));
      });
      this.#peer.setRemoteDescription(remote, 'answer');
    });
  }
}

/** A participant: a send and a recv connection, and the SDK's conversations about them. */
export class TestPeer {
  readonly peerId = randomUUID();
  readonly send: TestConnection;
  readonly recv: TestConnection;

  constructor(
    readonly worker: TestWorker,
    readonly roomId: string,
  ) {
    this.send = new TestConnection(worker);
    this.recv = new TestConnection(worker);
  }

  static async join(worker: TestWorker, roomId: string): Promise<TestPeer> {
    const peer = new TestPeer(worker, roomId);
    await peer.send.connect({ roomId, peerId: peer.peerId, direction: 'send' });
    await peer.recv.connect({ roomId, peerId: peer.peerId, direction: 'recv' });
    return peer;
  }

  /** Adds an m-line and sends M+2. */
  async produce(
    kind: MediaKind,
    options: { rids?: string[]; ssrc?: number; screenShare?: boolean } = {},
  ): Promise<{ producerId: string; mid: string; ssrc: number; answer: string }> {
    const { sections, transportId } = this.send;
    const mid = String(sections.length);
    const ssrc = options.ssrc ?? randomInt(1, 2 ** 32);
    sections.push(options.rids ? { kind, mid, rids: options.rids } : { kind, mid, ssrc });
    const producerId = randomUUID();
    const { screenShare = false } = options;
    const offer = this.send.offer();
    const request = { transportId, producerId, kind, mid, screenShare, offer };
    const { answer } = await this.worker.request('produce', request);
    return { producerId, mid, ssrc, answer };
  }

  /** M+3 and M+50. */
  async consume(...requests: { producerId: string; preferredRid?: Rid }[]): Promise<ConsumeResult[]> {
    const { transportId } = this.recv;
    const { results, offer } = await this.worker.request('consume', { transportId, requests });
    if (offer) {
      this.recv.sections = sectionsOf(offer, this.recv.sections);
      const answer = writeAnswer(this.recv.credentials, offer);
      await this.worker.request('renegotiate', { transportId, answer });
    }
    return results;
  }

  /** M+7: gives the m-lines up with port 0. */
  async closeConsumers(mids: string[]): Promise<string> {
    for (const section of this.recv.sections) if (mids.includes(section.mid)) section.rejected = true;
    const { transportId } = this.recv;
    const offer = this.recv.offer();
    const { answer } = await this.worker.request('closeConsumers', { transportId, mids, offer });
    return answer;
  }

  close(): void {
    this.send.close();
    this.recv.close();
  }
}

/** The client's own view of its m-lines after it took the worker's offer. */
function sectionsOf(offer: string, previous: OfferedSection[]): OfferedSection[] {
  return offer
    .split(/^(?=m=)/m)
    .slice(1)
    .map((section, index) => {
      const mid = /^a=mid:(.*)\r$/m.exec(section)?.[1] ?? '';
      const known = previous[index];
      if (known?.mid === mid) return known;
      const kind = section.startsWith('m=audio') ? 'audio' : 'video';
      return { kind, mid, direction: 'recvonly' };
    });
}

export function midOf(result: ConsumeResult | undefined): string {
  if (!result || !('mid' in result)) throw new Error(`Not consumed: ${JSON.stringify(result)}`);
  return result.mid;
}
