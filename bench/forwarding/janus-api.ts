import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';

interface JanusMessage {
  janus: string;
  transaction?: string;
  data?: { id: number };
  sender?: number;
  plugindata?: { data: Record<string, unknown> };
  jsep?: Description;
  error?: { reason: string };
}

export interface Description {
  type: 'offer' | 'answer';
  sdp: string;
}

const KEEP_ALIVE_MS = 20_000;

/** As much of Janus's WebSocket API as the bench needs. */
export class JanusApi {
  private readonly open = new Map<string, (message: JanusMessage) => void>();
  private readonly onUp = new Map<number, () => void>();
  private readonly keepAlive: NodeJS.Timeout;
  private session = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as JanusMessage;
      if (message.janus === 'webrtcup') this.onUp.get(message.sender!)?.();
      // The acknowledgement of a request that is answered by an event later.
      if (message.janus === 'ack' || message.transaction === undefined) return;
      this.open.get(message.transaction)?.(message);
      this.open.delete(message.transaction);
    });
    this.keepAlive = setInterval(() => void this.request({ janus: 'keepalive' }), KEEP_ALIVE_MS).unref();
  }

  static async connect(port: number): Promise<JanusApi> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'janus-protocol');
    await once(socket, 'open');
    const api = new JanusApi(socket);
    api.session = (await api.request({ janus: 'create' })).data!.id;
    return api;
  }

  /** A handle of the videoroom plugin. */
  async attach(): Promise<number> {
    return (await this.request({ janus: 'attach', plugin: 'janus.plugin.videoroom' })).data!.id;
  }

  async message(
    handle: number,
    body: object,
    jsep?: Description,
  ): Promise<{ data: Record<string, unknown>; jsep?: Description }> {
    const answer = await this.request({ janus: 'message', handle_id: handle, body, jsep });
    const data = answer.plugindata?.data ?? {};
    if ('error' in data) throw new Error(`Janus: ${String(data.error)}`);
    return { data, jsep: answer.jsep };
  }

  /** Resolves when Janus has the connection of a handle; nobody can subscribe to a publisher before. */
  up(handle: number): Promise<void> {
    return new Promise((resolve) => this.onUp.set(handle, resolve));
  }

  close(): void {
    clearInterval(this.keepAlive);
    this.socket.terminate();
  }

  private request(request: object): Promise<JanusMessage> {
    const transaction = randomUUID();
    return new Promise((resolve, reject) => {
      this.open.set(transaction, (message) => {
        if (message.error) reject(new Error(`Janus: ${message.error.reason}`));
        else resolve(message);
      });
      const session = this.session === 0 ? {} : { session_id: this.session };
      this.socket.send(JSON.stringify({ ...request, ...session, transaction }));
    });
  }
}
