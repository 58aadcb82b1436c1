import { once } from 'node:events';
import type { Server } from 'node:net';

/** Opens a port. Throws an error with a clear line, which names the setting, when it cannot be had. */
export async function listen(server: Server, port: number, host: string, setting: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = LISTEN_FAILURES[(error as NodeJS.ErrnoException).code ?? ''] ?? (error as Error).message;
    throw new Error(`${setting}: port ${port} of ${host} ${reason}`);
  }
}

const LISTEN_FAILURES: Record<string, string> = {
  EADDRINUSE: 'is in use by another program',
  EACCES: 'needs more rights than this account has',
  EADDRNOTAVAIL: 'cannot be opened: this machine does not have the address',
  ENOTFOUND: 'cannot be opened: no address belongs to that name',
  EAI_AGAIN: 'cannot be opened: no address belongs to that name',
};
