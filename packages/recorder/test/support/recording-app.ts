import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

const APP = readFileSync(new URL('../fixtures/recording-app.html', import.meta.url));
const SDK_FOLDER = dirname(createRequire(import.meta.url).resolve('@cloudflare/realtimekit-recording-sdk'));
const SDK = readFileSync(join(SDK_FOLDER, 'index.es.js'));

export interface RecordingApp {
  /** Address of the app with options of the test in its query. */
  url(query?: Record<string, string>): string;
  close(): Promise<void>;
}

/** Serves the recording app of `fixtures`, with the recording SDK as it is published. */
export async function serveRecordingApp(): Promise<RecordingApp> {
  const server = createServer(({ url }, response) => {
    const path = url!.split('?')[0];
    if (path === '/app') response.setHeader('content-type', 'text/html').end(APP);
    else if (path === '/empty') response.setHeader('content-type', 'text/html').end('<p>Nothing.</p>');
    else if (path === '/recording-sdk.js') response.setHeader('content-type', 'text/javascript').end(SDK);
    else response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: (query = {}) => `http://127.0.0.1:${port}/app?${new URLSearchParams(query)}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
