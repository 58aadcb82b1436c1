import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** How long a packet may wait in the line; what would wait longer is lost, as in a modem's buffer. */
const QUEUE_MS = 300;

/** A UDP line between one client and a worker, as narrow downstream as a test wants it. */
export class NarrowLine {
  /** What went through to the client, and what was lost on the way. */
  deliveredBytes = 0;
  lostPackets = 0;
  readonly #socket: Socket;
  readonly #workerPort: number;
  #client: RemoteInfo | undefined;
  #freeAtMs = 0;

  static async open(workerPort: number, bitsPerSecond: number): Promise<NarrowLine> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NarrowLine(socket, workerPort, bitsPerSecond);
  }

  private constructor(
    socket: Socket,
    workerPort: number,
    public bitsPerSecond: number,
  ) {
    this.#socket = socket;
    this.#workerPort = workerPort;
    socket.on('message', (packet, from) => {
      if (from.port === workerPort) this.#down(packet);
      else this.#up(packet, from);
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** The worker's description with this line's end in place of the worker's own. */
  redirect(sdp: string): string {
    return sdp.replaceAll(/^(a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1) \d+/gm, `$1 ${this.port}`);
  }

  close(): void {
    this.#socket.close();
  }

  #up(packet: Buffer, from: RemoteInfo): void {
    this.#client = from;
    this.#socket.send(packet, this.#workerPort, '127.0.0.1');
  }

  #down(packet: Buffer): void {
    const nowMs = performance.now();
    const startMs = Math.max(nowMs, this.#freeAtMs);
    if (startMs - nowMs > QUEUE_MS) {
      this.lostPackets += 1;
      return;
    }
    this.#freeAtMs = startMs + (packet.length * 8_000) / this.bitsPerSecond;
    setTimeout(() => this.#deliver(packet), this.#freeAtMs - nowMs);
  }

  #deliver(packet: Buffer): void {
    const client = this.#client;
    if (!client) return;
    this.deliveredBytes += packet.length;
    this.#socket.send(packet, client.port, client.address, () => {});
  }
}
