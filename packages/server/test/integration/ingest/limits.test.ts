import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { INGEST_LIMITS, type IngestLimits } from '../../../src/ingest/limits.js';
import { freePort } from '../../support/free-port.js';
import { type LiveServer, startLiveServer } from '../../support/live-server.js';
import { beginning, chunked, handshake } from '../../support/publishing-client.js';

const SOON = { timeout: 15_000, interval: 25 };
const LIMITS: IngestLimits = {
  ...INGEST_LIMITS,
  encodersMax: 3,
  keyWithinMs: 700,
  unknownRestMs: 200,
  silenceMaxMs: 4_000,
  rateMaxBytesPerSecond: 200_000,
  stalledAfterMs: 6_000,
};

/** A connection to one of the ports, and what has come back. */
interface Client {
  socket: Socket;
  heard(): string;
  isClosed(): boolean;
}

interface Own {
  id: string;
  stream_key: string;
}

describe.skipIf(!existsSync('/usr/bin/ffmpeg'))('the ports of encoders', () => {
  let server: LiveServer;
  let rtmpPort: number;
  let rtmpsPort: number;
  let clients: Client[] = [];
  beforeAll(async () => {
    [rtmpPort, rtmpsPort] = [await freePort(), await freePort()];
    server = await startLiveServer(
      { PARLEY_RTMP_PORT: String(rtmpPort), PARLEY_RTMPS_PORT: String(rtmpsPort) },
      { ingest: { limits: LIMITS } },
    );
  });
  afterEach(async () => {
    for (const { socket } of clients) socket.destroy();
    clients = [];
    await vi.waitFor(() => expect(ffmpegs()).toBe(0), SOON);
  });
  afterAll(() => server?.close());

  /** @param address each test has some of its own, since their places stay taken for a while. */
  function client(address: string, first: Buffer | null, port = rtmpPort): Client {
    const socket = connect({ port, host: '127.0.0.1', localAddress: address });
    const heard: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => heard.push(bytes)).on('error', () => {});
    if (first) socket.write(first);
    const one = {
      socket,
      heard: () => Buffer.concat(heard).toString('latin1'),
      isClosed: () => socket.closed,
    };
    clients.push(one);
    return one;
  }
  const closed = (...all: Client[]) =>
    vi.waitFor(() => expect(all.filter((one) => !one.isClosed())).toHaveLength(0), SOON);
  /** An encoder that has shown its key and may send; it comes again when there is no place for it. */
  const letIn = (address: string, { stream_key }: Own) =>
    vi.waitFor(async () => {
      const one = client(address, beginning(stream_key));
      await vi.waitFor(() => expect(one.isClosed() || one.heard().includes('NetStream.')).toBe(true), SOON);
      expect(one.heard()).toContain('NetStream.Publish.Start');
      return one;
    }, SOON);

  /** ffmpegs of this process. */
  function ffmpegs(): number {
    return readdirSync('/proc').filter((pid) => {
      if (!/^\d+$/.test(pid) || !existsSync(`/proc/${pid}/stat`)) return false;
      try {
        const [, state, parent] =
          /\(ffmpeg\) (\w) (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return parent === String(process.pid) && state !== 'Z';
      } catch {
        return false;
      }
    }).length;
  }

  const path = () =>
    `${server.httpUrl}/client/v4/accounts/${server.accountId}/realtime/kit/${server.appId}/livestreams`;
  const call = async (address: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${server.apiToken}`, 'content-type': 'application/json' };
    return (await (await fetch(address, { ...init, headers })).json()).data;
  };
  const newLivestream = async (): Promise<Own> => call(path(), { method: 'POST', body: '{"name":"own"}' });
  const outcomeOf = ({ id }: Own) =>
    vi.waitFor(async () => {
      const { session } = await call(`${path()}/${id}`);
      expect(session.stopped_time).toBeTruthy();
      return session.err_message as string | null;
    }, SOON);

  it('let in so many who have shown no key, of one address and of all', async () => {
    const port = await freePort();
    const limits = { ...INGEST_LIMITS, unknownMax: 5, unknownPerAddressMax: 3 };
    const small = await startLiveServer({ PARLEY_RTMP_PORT: String(port) }, { ingest: { limits } });
    const opened = (address: string) => Array.from({ length: 4 }, () => client(address, handshake(), port));
    const letInOf = async (all: Client[]) => {
      const isAnswered = (one: Client) => one.heard().length > 1_536;
      await vi.waitFor(() => expect(all.every((one) => isAnswered(one) || one.isClosed())).toBe(true), SOON);
      return all.filter(isAnswered).length;
    };
    try {
      expect(await letInOf(opened('127.0.0.1'))).toBe(3);
      expect(await letInOf(opened('127.0.0.2'))).toBe(2);
    } finally {
      await small.close();
    }
  });

  it('close on who says nothing, sends garbage or breaks off, and start no ffmpeg for any of them', async () => {
    const beginnings: { first: Buffer | null; port: number; waits: boolean }[] = [
      { first: null, port: rtmpPort, waits: true },
      { first: handshake().subarray(0, 1_000), port: rtmpPort, waits: true },
      { first: beginning('0'.repeat(64)).subarray(0, -20), port: rtmpPort, waits: true },
      { first: Buffer.alloc(64 * 1024, 3), port: rtmpPort, waits: false },
      { first: null, port: rtmpsPort, waits: true },
      // The first bytes of a TLS handshake.
      { first: Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]), port: rtmpsPort, waits: true },
      { first: Buffer.alloc(5_000, 7), port: rtmpsPort, waits: false },
    ];
    await Promise.all(
      beginnings.map(async ({ first, port, waits }, at) => {
        const sinceMs = performance.now();
        await closed(client(`127.0.1.${at}`, first, port));
        if (waits) expect(performance.now() - sinceMs).toBeGreaterThan(LIMITS.keyWithinMs - 50);
        expect(ffmpegs()).toBe(0);
      }),
    );
  });

  it('say that a key may not be used, and judge no more keys than they have places for', async () => {
    const sinceMs = performance.now();
    const tries = Array.from({ length: 20 }, () => client('127.0.2.1', beginning('0'.repeat(64))));
    await closed(...tries);
    const refused = tries.filter((one) => one.heard().includes('NetStream.Publish.BadName'));
    expect(refused.length).toBeGreaterThan(0);
    const turns = 1 + (performance.now() - sinceMs) / LIMITS.unknownRestMs;
    expect(refused.length).toBeLessThanOrEqual(LIMITS.unknownPerAddressMax * turns);
  });

  it('let in so many encoders, and the next one when one has gone', async () => {
    const owns = await Promise.all(Array.from({ length: 4 }, newLivestream));
    const last = owns.pop()!;
    const all = await Promise.all(owns.map((own, at) => letIn(`127.0.3.${at}`, own)));
    const refused = client('127.0.3.9', beginning(last.stream_key));
    await closed(refused);
    expect(refused.heard()).toContain('NetStream.Publish.BadName');
    all[0]!.socket.destroy();
    await letIn('127.0.3.9', last);
  });

  it('cut off an encoder that falls silent, one that sends too fast, and one without key frames', async () => {
    const falls = async (address: string, reason: string, send: (one: Client) => void) => {
      const own = await newLivestream();
      const one = await letIn(address, own);
      const sending = setInterval(() => send(one), 100);
      await closed(one).finally(() => clearInterval(sending));
      expect(await outcomeOf(own)).toBe(reason);
    };
    const sound = chunked({ chunkStream: 4, type: 8, timestampMs: 0, payload: Buffer.alloc(500_000) }, 128);
    const data = chunked({ chunkStream: 4, type: 18, timestampMs: 0, payload: Buffer.of(5) }, 128);
    await Promise.all([
      falls('127.0.4.1', 'Nothing comes any more', () => {}),
      falls('127.0.4.2', 'It sends too fast', ({ socket }) => socket.write(sound)),
      falls('127.0.4.3', 'Its key frames are too far apart', ({ socket }) => socket.write(data)),
    ]);
  });

  it('take the same by TLS', async () => {
    const own = await newLivestream();
    const ca = readFileSync(`${server.dataDir}/tls/ca.pem`);
    const socket = connectByTls({ port: rtmpsPort, host: 'localhost', ca });
    const heard: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => heard.push(bytes)).on('error', () => {});
    socket.write(beginning(own.stream_key));
    await vi.waitFor(
      () => expect(Buffer.concat(heard).toString('latin1')).toContain('NetStream.Publish.Start'),
      SOON,
    );
    socket.destroy();
    await outcomeOf(own);
  });
});
