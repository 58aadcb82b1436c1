import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  FromWorker,
  MediaAnswer,
  MediaArguments,
  MediaRequestName,
  TransportDirection,
  WorkerSettings,
} from '@parley/media';
import nodeDataChannel, { type PeerConnection, type Track } from 'node-datachannel';
import { isRtp, newConnection, opened } from './rtc.js';
import { OPUS_PAYLOAD_TYPE, RTX_PAYLOAD_TYPE, type Sfu, VP8_PAYLOAD_TYPE } from './sfu.js';
import { type Credentials, type Section, writeAnswer, writeOffer } from './worker-descriptions.js';

const WORKER = fileURLToPath(new URL('../../../packages/media/dist/worker.js', import.meta.url));
const ADDRESS = '127.0.0.1';
const ROOM_ID = 'bench';
const UNUSED_SECTIONS: Section[] = [
  { kind: 'audio', mid: '0' },
  { kind: 'video', mid: '1' },
];
const AUDIO = { mid: '2', ssrc: 1111, payloadType: OPUS_PAYLOAD_TYPE };
const VIDEO = { mid: '3', ssrc: 2222, payloadType: VP8_PAYLOAD_TYPE };

/** Parley's media worker, spoken to as the server does. */
export async function startParleyWorker(): Promise<Sfu> {
  const worker = await Worker.start({ announcedIps: [ADDRESS], port: 0 });
  const connections: Connection[] = [];
  const producerIds: string[] = [];
  const connect = async (direction: TransportDirection) => {
    const connection = new Connection();
    connections.push(connection);
    const { answer } = await worker.request('createTransport', {
      transportId: connection.transportId,
      roomId: ROOM_ID,
      peerId: connection.transportId,
      direction,
      offer: writeOffer(connection.credentials, UNUSED_SECTIONS),
    });
    await connection.finish(answer);
    return connection;
  };

  return {
    pid: worker.pid,
    async publish() {
      const connection = await connect('send');
      const sections = [...UNUSED_SECTIONS];
      for (const [kind, track] of [
        ['audio', AUDIO],
        ['video', VIDEO],
      ] as const) {
        sections.push({ kind, mid: track.mid, ssrc: track.ssrc });
        const producerId = randomUUID();
        producerIds.push(producerId);
        await worker.request('produce', {
          transportId: connection.transportId,
          producerId,
          kind,
          mid: track.mid,
          screenShare: false,
          offer: writeOffer(connection.credentials, sections),
        });
      }
      return {
        audio: AUDIO,
        video: VIDEO,
        send: (packet) => void connection.track.sendMessageBinary(packet),
      };
    },
    async subscribe(onPacket) {
      const connection = await connect('recv');
      connection.track.onMessage((packet) => {
        // What the worker sends to probe the line is its own business and counts as cost only.
        if (isRtp(packet) && (packet[1]! & 0x7f) !== RTX_PAYLOAD_TYPE) onPacket();
      });
      const { transportId } = connection;
      const { offer } = await worker.request('consume', {
        transportId,
        requests: producerIds.map((producerId) => ({ producerId })),
      });
      if (offer === undefined) throw new Error('Nothing was consumed.');
      const answer = writeAnswer(connection.credentials, offer);
      await worker.request('renegotiate', { transportId, answer });
    },
    async stop() {
      for (const connection of connections) connection.close();
      await worker.stop();
    },
  };
}

/** A real ICE, DTLS and SRTP session; what is said about m-lines is written by hand beside it. */
class Connection {
  readonly transportId = randomUUID();
  readonly credentials: Credentials;
  readonly track: Track;
  private readonly peer: PeerConnection;

  constructor() {
    this.peer = newConnection(ADDRESS, { disableAutoNegotiation: true });
    const media = new nodeDataChannel.Video('0', 'SendRecv');
    media.addVP8Codec(VP8_PAYLOAD_TYPE);
    media.addSSRC(1, 'bench');
    this.track = this.peer.addTrack(media);
    this.peer.setLocalDescription('offer');
    const local = this.peer.localDescription()!.sdp;
    this.credentials = {
      ufrag: attribute(local, 'ice-ufrag'),
      pwd: attribute(local, 'ice-pwd'),
      fingerprint: attribute(local, 'fingerprint'),
    };
  }

  async finish(answer: string): Promise<void> {
    const copied = ['ice-ufrag', 'ice-pwd', 'fingerprint', 'candidate'];
    const lines = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=group:BUNDLE 0',
      'a=ice-lite',
      `m=video 9 UDP/TLS/RTP/SAVPF ${VP8_PAYLOAD_TYPE}`,
      'c=IN IP4 0.0.0.0',
      'a=mid:0',
      'a=sendrecv',
      'a=setup:passive',
      'a=rtcp-mux',
      `a=rtpmap:${VP8_PAYLOAD_TYPE} VP8/90000`,
      ...copied.map((name) => `a=${name}:${attribute(answer, name)}`),
    ];
    this.peer.setRemoteDescription(`${lines.join('\r\n')}\r\n`, 'answer');
    await opened(this.peer, this.track);
  }

  close(): void {
    this.peer.close();
  }
}

function attribute(description: string, name: string): string {
  const found = new RegExp(`^a=${name}:(.*?)\\r?$`, 'm').exec(description);
  if (!found) throw new Error(`There is no ${name} in\n${description}`);
  return found[1]!;
}

/** The worker process and its requests. */
class Worker {
  private readonly open = new Map<number, (message: FromWorker) => void>();
  private requests = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message: FromWorker) => {
      if (!('id' in message)) return;
      this.open.get(message.id)?.(message);
      this.open.delete(message.id);
    });
  }

  static async start(settings: WorkerSettings): Promise<Worker> {
    const child = fork(WORKER, [JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    // Its log is of no use here, and a full pipe would stop it.
    child.stdout?.resume();
    child.stderr?.resume();
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('The media worker ended.')));
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return new Worker(child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  request<N extends MediaRequestName>(name: N, args: MediaArguments<N>): Promise<MediaAnswer<N>> {
    this.requests += 1;
    const id = this.requests;
    return new Promise((resolve, reject) => {
      this.open.set(id, (message) => {
        if ('ok' in message && message.ok) resolve(message.answer as MediaAnswer<N>);
        else reject(new Error(`${name}: ${JSON.stringify(message)}`));
      });
      this.child.send({ id, name, args });
    });
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
