import { once } from 'node:events';
import { WebSocket } from 'ws';

/**
 * Lets a Node process that runs with `--inspect` collect its garbage, so that its memory afterwards is what it needs
 * and not what it has not tidied up yet.
 */
export async function collectGarbage(debuggerUrl: string): Promise<void> {
  const socket = new WebSocket(debuggerUrl, { perMessageDeflate: false });
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
  await once(socket, 'message');
  socket.close();
  await once(socket, 'close');
}
