import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.js';
import { type AzureServer, startAzureServer } from '../../support/storage/azure-server.js';
import { openGate } from '../../support/storage/gate.js';
import { attempt, cutOffAt, LocalFiles, MIB, newProgress } from './support.js';

describe('an upload to Azure Blob Storage (RC28, RC29)', () => {
  let server: AzureServer;
  let files: LocalFiles;
  const container = 'recordings';

  beforeAll(async () => {
    [server, files] = await Promise.all([startAzureServer(), LocalFiles.create()]);
    await server.createContainer(container);
  });
  afterAll(async () => {
    await server?.close();
    await files?.remove();
  });

  it.each([0, 1, 8 * MIB, 16 * MIB + 5])('of %i bytes arrives, each block of it saved', async (size) => {
    const { path, bytes } = await files.make('file', size);
    const saved = newProgress();
    const name = `file ${size} ü#?.mp4`;
    const stored = await attempt({ ...server.config(container), path: '/a/b/' }, { path, name }, saved);
    expect(stored).toEqual({
      location: `http://127.0.0.1:${server.port}/recordings/recordings/a/b/${name}`,
      bytes: size,
    });
    const kept = await server.read(container, `a/b/${name}`);
    expect(kept.bytes.equals(bytes)).toBe(true);
    expect(kept.contentType).toBe('video/mp4');
    const ends = [8 * MIB, 16 * MIB].filter((end) => end < size);
    expect(saved.sentBytes).toEqual(size === 0 ? [] : [...ends, size]);
    if (size > 0) expect(JSON.stringify(saved.resume).length).toBeLessThan(1_000);
  });

  it('takes the place of a blob of the same name', async () => {
    for (const size of [9 * MIB, MIB]) {
      const { path, bytes } = await files.make('same', size);
      await attempt(server.config(container), { path, name: 'same.mp4' });
      expect((await server.read(container, 'same.mp4')).bytes.equals(bytes)).toBe(true);
    }
  });

  it('whose connection breaks in a block goes on with that block', async () => {
    const gate = await openGate(server.port);
    const { path, bytes } = await files.make('broken', 18 * MIB);
    const saved = newProgress();
    const config = server.config(container, gate.port);
    const held = gate.holdAfter(12 * MIB);
    const failure = attempt(config, { path, name: 'broken.mp4' }, saved).catch((error: unknown) => error);
    await held;
    gate.drop();
    expect(await failure).toMatchObject({
      kind: 'retryable',
      message: expect.stringContaining('cannot be reached'),
    });
    expect(saved.sentBytes).toEqual([8 * MIB]);
    expect(await server.waitingBlocks(container, 'broken.mp4')).toBe(1);

    gate.release();
    await attempt(config, { path, name: 'broken.mp4' }, saved);
    expect(saved.sentBytes.slice(1)).toEqual([16 * MIB, 18 * MIB]);
    expect((await server.read(container, 'broken.mp4')).bytes.equals(bytes)).toBe(true);
    expect(await server.waitingBlocks(container, 'broken.mp4')).toBe(0);
    await gate.close();
  });

  it('of a file that has changed since sends again what differs', async () => {
    const { path } = await files.make('changed', 17 * MIB);
    const again = await cutOffAt(16 * MIB, server.config(container), { path, name: 'changed.mp4' });
    const { bytes } = await files.make('changed', 17 * MIB);
    await attempt(server.config(container), { path, name: 'changed.mp4' }, again);
    expect(again.sentBytes).toEqual([8 * MIB, 16 * MIB, 17 * MIB]);
    expect((await server.read(container, 'changed.mp4')).bytes.equals(bytes)).toBe(true);
  });

  it('whose last answer was lost is recognised as finished', async () => {
    const { path } = await files.make('finished', 9 * MIB);
    const saved = newProgress();
    await attempt(server.config(container), { path, name: 'finished.mp4' }, saved);
    const again = { resume: saved.resume, sentBytes: [] };
    await attempt(server.config(container), { path, name: 'finished.mp4' }, again);
    expect(again.sentBytes).toEqual([]);
  });

  it('needs no more than the right to write', async () => {
    const { path, bytes } = await files.make('signed', 9 * MIB);
    await attempt(await server.writeOnly(container), { path, name: 'signed.mp4' });
    expect((await server.read(container, 'signed.mp4')).bytes.equals(bytes)).toBe(true);
  });

  describe('to another place', () => {
    let path: string;
    const failureOf = (access_key: string, options: { bucket?: string; allowPrivate?: boolean } = {}) => {
      const { bucket = container, ...more } = options;
      const config = { ...server.config(bucket), access_key };
      return attempt(config, { path, name: 'x.mp4', ...more }).catch((error: unknown) => error);
    };
    const changed = (from: RegExp | string, to: string) =>
      server.config(container).access_key.replace(from, to);

    beforeAll(async () => {
      path = (await files.make('refused', MIB)).path;
    });

    it.each([
      [
        /AccountKey=[^;]*/,
        'AccountKey=V1JPTkctU0VDUkVU',
        'refused the credentials or what they may do (Auth',
      ],
      [/AccountName=[^;]*/, 'AccountName=nobody', 'refused the credentials or what they may do'],
      [/AccountKey=[^;]*/, '', 'connection string of the storage account cannot be read'],
    ])('with %s as %s is refused in a sentence without secrets', async (from, to, sentence) => {
      const error = await failureOf(changed(from, to));
      expect(error).toMatchObject({ kind: 'refused', message: expect.stringContaining(sentence) });
      expect(JSON.stringify(error) + (error as Error).message).not.toMatch(/V1JPTk|dGhlIGtle/);
    });

    it('with a container that is not there is refused', async () => {
      const bucket = 'no-such-container';
      expect(await failureOf(server.config(bucket).access_key, { bucket })).toMatchObject({
        kind: 'refused',
        message: 'The storage has no container no-such-container (ContainerNotFound)',
      });
    });

    it('that nobody listens on is to be tried again', async () => {
      expect(await failureOf(changed(String(server.port), String(await freePort())))).toMatchObject({
        kind: 'retryable',
        message: 'The storage cannot be reached (ECONNREFUSED)',
      });
    });

    it('whose name does not exist is to be tried again', async () => {
      expect(await failureOf(changed('127.0.0.1', 'storage.invalid'))).toMatchObject({
        kind: 'retryable',
        message: expect.stringMatching(/cannot be reached \(E/),
      });
    });

    it.each(['127.0.0.1', 'localhost', '[::1]', '10.1.2.3'])(
      'at %s is refused where private addresses are not allowed',
      async (host) => {
        expect(await failureOf(changed('127.0.0.1', host), { allowPrivate: false })).toMatchObject({
          kind: 'refused',
          message: expect.stringMatching(/is not a public address; PARLEY_STORAGE_ALLOW_PRIVATE=1/),
        });
      },
    );

    it.each([
      [503, 'ServerBusy', 'retryable', 'The storage is in trouble (ServerBusy)'],
      [400, 'Md5Mismatch', 'retryable', 'The storage is in trouble (Md5Mismatch)'],
      [400, 'InvalidHeaderValue', 'refused', 'The storage refused the upload (InvalidHeaderValue)'],
      [403, '<script>', 'refused', 'The storage refused the credentials or what they may do (403)'],
    ])('that answers with %i %s is %s', async (status, code, kind, message) => {
      const other = await answering((response) => {
        response.writeHead(status, { 'x-ms-error-code': code, 'content-type': 'application/xml' });
        response.end(`<?xml version="1.0"?><Error><Code>${code.replace('<', '&lt;')}</Code></Error>`);
      });
      expect(await failureOf(changed(String(server.port), String(other.port)))).toMatchObject({
        kind,
        message,
      });
      other.close();
    });

    it('takes the MD5 of each block along', async () => {
      const sent: unknown[] = [];
      const other = await answering((response, request) => {
        sent.push(request.headers['content-md5']);
        response.writeHead(503).end();
      });
      await failureOf(changed(String(server.port), String(other.port)));
      const md5 = createHash('md5')
        .update(await readFile(path))
        .digest('base64');
      expect(sent).toEqual([md5]);
      other.close();
    });

    it('that answers without end is cut off', async () => {
      const other = await answering((response) => {
        response.writeHead(400, { 'content-type': 'application/xml' });
        Readable.from(endless()).pipe(response);
      });
      expect(await failureOf(changed(String(server.port), String(other.port)))).toMatchObject({
        kind: 'retryable',
        message: 'The storage answered without end',
      });
      other.close();
    });

    it('that is something else than Azure says so', async () => {
      const other = await answering((response) => response.end('<html>hello</html>'));
      expect(await failureOf(changed(String(server.port), String(other.port)))).toMatchObject({
        name: 'StorageError',
      });
      other.close();
    });
  });
});

function* endless() {
  for (;;) yield Buffer.alloc(MIB, 'x');
}

/** A server that reads each request and answers it in the same way. */
async function answering(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(response, request));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
