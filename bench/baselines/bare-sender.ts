/**
 * A bare sender of webhooks: on a call it posts one body `count` times to `url`, `width` at a time. Nothing is signed,
 * nothing is kept, nothing is in order. Called with count, width and url.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

const [count, width, url] = [Number(process.argv[2]), Number(process.argv[3]), new URL(process.argv[4]!)];
const BODY = JSON.stringify({ event: 'meeting.participantLeft', filler: 'x'.repeat(700) });

const pool = new Pool(url.origin, { connections: width });

async function sendAll(): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      const response = await pool.request({
        method: 'POST',
        path: url.pathname,
        headers: { 'content-type': 'application/json', 'rtk-uuid': randomUUID() },
        body: BODY,
      });
      await response.body.dump();
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}

const http = createServer((_request, response) => {
  sendAll().then(() => response.end());
});
http.listen(0, '127.0.0.1', () => console.log(`ready ${(http.address() as AddressInfo).port}`));
