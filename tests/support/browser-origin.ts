import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

/** The SDK as its package ships it for script tags; it defines `RealtimeKitClient`. */
const SDK_BUNDLE = createRequire(import.meta.url).resolve('@cloudflare/realtimekit/inlined');

const BLANK_PAGE = `<!doctype html><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,">
<script src="/realtimekit.js"></script>`;

/** The web site of an app: a page with the unmodified SDK on it, from an origin that is not the server's. */
export interface BrowserOrigin {
  url: string;
  close(): Promise<void>;
}

export async function startBrowserOrigin(): Promise<BrowserOrigin> {
  const sdk = readFileSync(SDK_BUNDLE);
  const server = createServer((request, response) => {
    if (request.url === '/realtimekit.js') {
      response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(sdk);
    } else {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(BLANK_PAGE);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://localhost:${address.port}/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
