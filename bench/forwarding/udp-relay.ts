import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from '../support/child.js';
import { OPUS_PAYLOAD_TYPE, type Sfu, VP8_PAYLOAD_TYPE } from './sfu.js';

const SOURCE = fileURLToPath(new URL('../../baselines/udp-relay.c', import.meta.url));
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/** The bare relay, compiled for the run. */
export async function startUdpRelay(): Promise<Sfu> {
  const dir = mkdtempSync(join(tmpdir(), 'parley-bench-relay-'));
  const program = join(dir, 'udp-relay');
  execFileSync('cc', ['-O2', '-o', program, SOURCE]);
  const child = await startChild({ command: program, args: [], readyLine: /^ready \d+/ });
  const port = Number(child.ready.split(' ')[1]);
  const sockets: Socket[] = [];
  const connect = async () => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
    sockets.push(socket);
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  return {
    pid: child.pid,
    async publish() {
      const socket = await connect();
      return {
        audio: { ssrc: 1, payloadType: OPUS_PAYLOAD_TYPE },
        video: { ssrc: 2, payloadType: VP8_PAYLOAD_TYPE },
        send: (packet) => socket.send(packet),
      };
    },
    async subscribe(onPacket) {
      const socket = await connect();
      socket.on('message', onPacket);
      socket.send(Buffer.alloc(1));
    },
    async stop() {
      for (const socket of sockets) socket.close();
      await child.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
