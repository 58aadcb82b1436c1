import { createHmac, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { IcePasswords, standIn } from '../../../src/media/stand-in.js';
import { createMediaPool } from '../../../src/media/worker-pool.js';

const OFFER = readFileSync(
  new URL('../../../../media/test/fixtures/send-transport-offer.sdp', import.meta.url),
  'utf8',
);
const USERNAME = 6;

let browser: Socket;
let undo: (() => unknown)[];
beforeEach(async () => {
  undo = [];
  browser = createSocket('udp4').bind(0, '127.0.0.1');
  await once(browser, 'listening');
});
afterEach(async () => {
  browser.close();
  for (const one of undo) await one();
});

/** A connectivity check as a browser sends it, without the signature that nobody who is gone looks at. */
function check(ufrag: string) {
  const transactionId = randomBytes(12);
  const username = Buffer.from(`${ufrag}:browser`);
  const padding = Buffer.alloc((4 - (username.length % 4)) % 4);
  const attribute = Buffer.from([0, USERNAME, 0, username.length, ...username, ...padding]);
  const header = Buffer.from([0, 1, 0, attribute.length, 0x21, 0x12, 0xa4, 0x42]);
  return { transactionId, packet: Buffer.concat([header, transactionId, attribute]) };
}

/** The answer as a browser judges it: signed with the password of the side it was sent to, and with the right sum. */
function expectRefusal(answer: Buffer, transactionId: Buffer, password: string): void {
  expect(answer.readUInt16BE(0)).toBe(0x0111);
  expect(answer.readUInt16BE(2)).toBe(answer.length - 20);
  expect(answer.subarray(8, 20)).toEqual(transactionId);
  const [error, integrity, sum] = [20, 28, 52].map((at) => answer.subarray(at));
  expect([...error!.subarray(0, 8)]).toEqual([0, 9, 0, 4, 0, 0, 4, 0]);
  const signed = Buffer.from(answer.subarray(0, 28));
  signed.writeUInt16BE(32, 2);
  expect(integrity!.subarray(4, 24)).toEqual(createHmac('sha1', password).update(signed).digest());
  expect(sum!.readUInt32BE(4)).toBe((crc32(answer.subarray(0, 52)) ^ 0x5354554e) >>> 0);
}

/** Asks again and again, as browsers do. */
async function answerTo(packet: Buffer, port: number): Promise<Buffer> {
  const answer = once(browser, 'message');
  const ask = () => browser.send(packet, port, '127.0.0.1');
  const asking = setInterval(ask, 50);
  try {
    ask();
    return (await answer)[0];
  } finally {
    clearInterval(asking);
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

test('the port of a worker that was killed says that nobody is there, signed for each client', async () => {
  const pool = createMediaPool({ workers: 1, announcedIps: ['127.0.0.1'], log: pino({ level: 'silent' }) });
  undo.push(() => pool.close());
  await pool.ready();
  const room = pool.room('room');
  const { answer } = await room.request('createTransport', {
    transportId: 't',
    roomId: 'room',
    peerId: 'p',
    direction: 'send',
    offer: OFFER,
  });
  const port = Number(/ 127\.0\.0\.1 (\d+) typ host/.exec(answer)![1]);
  const [ufrag, password] = ['ufrag', 'pwd'].map((name) =>
    new RegExp(`^a=ice-${name}:(\\S+)`, 'm').exec(answer)!.at(1),
  );
  const lost = new Promise((resolve) => room.on(resolve));
  process.kill(pool.gauges()[0]!.pid!, 'SIGKILL');
  await lost;
  const { packet, transactionId } = check(ufrag!);
  expectRefusal(await answerTo(packet, port), transactionId, password!);
  await room.request('roomStats', { roomId: 'room' });
});

test('only checks of its clients are answered, and a port that is taken does no harm', async () => {
  const passwords = new IcePasswords();
  passwords.note('a=ice-ufrag:known\r\na=ice-pwd:secret\r\n');
  undo.push(standIn(browser.address().port, passwords));
  const port = await freePort();
  undo.push(standIn(port, passwords));
  const { packet, transactionId } = check('known');
  const cutShort = Array.from({ length: packet.length - 1 }, (_, length) => packet.subarray(0, length));
  for (const other of [...cutShort, check('stranger').packet, randomBytes(200)]) {
    browser.send(other, port, '127.0.0.1');
  }
  expectRefusal(await answerTo(packet, port), transactionId, 'secret');
});
