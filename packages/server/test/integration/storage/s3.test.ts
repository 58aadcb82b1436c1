import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.js';
import { openGate } from '../../support/storage/gate.js';
import { type S3Server, s3ServerIsInstalled, startS3Server } from '../../support/storage/s3-server.js';
import { attempt, cutOffAt, discard, LocalFiles, MIB, newProgress } from './support.js';

if (!s3ServerIsInstalled) console.warn('Uploads to S3 are not tested: python3-swift is not installed');

describe.skipIf(!s3ServerIsInstalled)('an upload to an S3-compatible server (RC28)', () => {
  let server: S3Server;
  let files: LocalFiles;
  const bucket = 'recordings';

  beforeAll(async () => {
    [server, files] = await Promise.all([startS3Server(), LocalFiles.create()]);
    await server.createBucket(bucket);
  });
  afterAll(async () => {
    await server.close();
    await files.remove();
  });

  it.each([0, 1, 3 * MIB, 8 * MIB])('of %i bytes goes in one request', async (size) => {
    const { path, bytes } = await files.make('small', size);
    const saved = newProgress();
    const name = `small ${size} ü.mp4`;
    const config = { ...server.config(bucket), path: '/a/b/' };
    const stored = await attempt(config, { path, name }, saved);
    expect(stored).toEqual({ location: `s3://recordings/a/b/${name}`, bytes: size });
    const kept = await server.read(bucket, `a/b/${name}`);
    expect(kept.bytes.equals(bytes)).toBe(true);
    expect(kept.contentType).toBe('video/mp4');
    expect(saved.resume).toBeNull();
  });

  it('of more goes in parts, each of which is saved', async () => {
    const { path, bytes } = await files.make('large', 20 * MIB + 5);
    const saved = newProgress();
    const stored = await attempt(server.config(bucket), { path, name: 'large.mp4' }, saved);
    expect(stored.bytes).toBe(bytes.length);
    expect(saved.sentBytes).toEqual([0, 8 * MIB, 16 * MIB, bytes.length]);
    expect(JSON.stringify(saved.resume).length).toBeLessThan(1_000);
    const kept = await server.read(bucket, 'large.mp4');
    expect(kept.bytes.equals(bytes)).toBe(true);
    expect(kept.contentType).toBe('video/mp4');
    expect(await server.unfinished(bucket)).toEqual([]);
  });

  it('whose connection breaks in a part is resumed with that part', async () => {
    const gate = await openGate(server.port);
    const { path, bytes } = await files.make('broken', 26 * MIB);
    const saved = newProgress();
    const config = server.config(bucket, gate.port);
    const held = gate.holdAfter(20 * MIB);
    const first = attempt(config, { path, name: 'broken.mp4' }, saved);
    const failure = first.catch((error: unknown) => error);
    await held;
    gate.drop();
    expect(await failure).toMatchObject({
      kind: 'retryable',
      message: expect.stringContaining('cannot be reached'),
    });
    expect(saved.sentBytes).toEqual([0, 8 * MIB, 16 * MIB]);

    gate.release();
    await attempt(config, { path, name: 'broken.mp4' }, saved);
    expect(gate.parts).toEqual([1, 2, 3, 3, 4]);
    expect((await server.read(bucket, 'broken.mp4')).bytes.equals(bytes)).toBe(true);
    await gate.close();
  });

  it('whose last answer was lost is recognised as finished', async () => {
    const { path } = await files.make('finished', 9 * MIB);
    const saved = newProgress();
    await attempt(server.config(bucket), { path, name: 'finished.mp4' }, saved);
    const sends = saved.sentBytes.length;
    const stored = await attempt(server.config(bucket), { path, name: 'finished.mp4' }, saved);
    expect(stored).toEqual({ location: 's3://recordings/finished.mp4', bytes: 9 * MIB });
    expect(saved.sentBytes.length).toBe(sends);
  });

  it('that the server has forgotten begins anew', async () => {
    const { path, bytes } = await files.make('forgotten', 9 * MIB);
    const resume = { uploadId: 'gone', mark: 'm', bytes: 9 * MIB, partBytes: 8 * MIB };
    const saved = { resume, sentBytes: [] };
    await attempt(server.config(bucket), { path, name: 'forgotten.mp4' }, saved);
    expect((await server.read(bucket, 'forgotten.mp4')).bytes.equals(bytes)).toBe(true);
  });

  /** Begins an upload, and ends when the storage has made it and nobody has noted its id. */
  async function beginUnnoted(path: string, name: string): Promise<void> {
    const crash = new Error('The server died');
    const saved = {
      resume: null,
      sentBytes: Object.assign([], {
        push() {
          throw crash;
        },
      }),
    };
    await expect(attempt(server.config(bucket), { path, name }, saved)).rejects.toMatchObject({
      cause: crash,
    });
  }

  it('that was begun when the server died, before it had noted that, is begun anew and leaves no other', async () => {
    const { path, bytes } = await files.make('stray', 9 * MIB);
    const before = await server.unfinished(bucket);
    await beginUnnoted(path, 'stray.mp4');
    await beginUnnoted(path, 'stray.mp4.other');
    const [stray, other] = (await server.unfinished(bucket)).filter((id) => !before.includes(id));
    expect([stray, other]).toEqual([expect.any(String), expect.any(String)]);
    await attempt(server.config(bucket), { path, name: 'stray.mp4' });
    expect((await server.read(bucket, 'stray.mp4')).bytes.equals(bytes)).toBe(true);
    const left = (await server.unfinished(bucket)).filter((id) => !before.includes(id));
    expect(left).toHaveLength(1);
    await attempt(server.config(bucket), { path, name: 'stray.mp4.other' });
    expect(await server.unfinished(bucket)).toEqual(before);
  });

  it('is taken where the key may not list uploads', async () => {
    const proxy = createServer((incoming, answer) => {
      if (incoming.url!.includes('?uploads') && incoming.method === 'GET') {
        answer.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
        return;
      }
      const { url: path, method, headers } = incoming;
      const outgoing = request({ host: '127.0.0.1', port: server.port, path, method, headers }, (result) => {
        answer.writeHead(result.statusCode!, result.headers);
        result.pipe(answer);
      });
      incoming.pipe(outgoing);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { path, bytes } = await files.make('unlisted', 9 * MIB);
    await attempt(server.config(bucket, (proxy.address() as AddressInfo).port), {
      path,
      name: 'unlisted.mp4',
    });
    expect((await server.read(bucket, 'unlisted.mp4')).bytes.equals(bytes)).toBe(true);
    proxy.close();
  });

  it('of a file that has changed since sends again what differs', async () => {
    const { path } = await files.make('changed', 20 * MIB);
    const again = await cutOffAt(8 * MIB, server.config(bucket), { path, name: 'changed.mp4' });
    const { bytes } = await files.make('changed', 20 * MIB);
    await attempt(server.config(bucket), { path, name: 'changed.mp4' }, again);
    expect((await server.read(bucket, 'changed.mp4')).bytes.equals(bytes)).toBe(true);
  });

  it('that is discarded leaves no parts behind', async () => {
    const { path } = await files.make('discarded', 20 * MIB);
    const gate = await openGate(server.port);
    const saved = newProgress();
    const config = server.config(bucket, gate.port);
    const held = gate.holdAfter(10 * MIB);
    const failure = attempt(config, { path, name: 'discarded.mp4' }, saved).catch((error: unknown) => error);
    await held;
    gate.drop();
    await failure;
    await gate.close();
    expect(await server.unfinished(bucket)).toContain(saved.resume!.uploadId);
    await discard(server.config(bucket), 'discarded.mp4', saved.resume!);
    expect(await server.unfinished(bucket)).not.toContain(saved.resume!.uploadId);
  });

  describe.each([
    ['of one request', MIB],
    ['in parts', 9 * MIB],
  ])('%s', (_kind, size) => {
    let path: string;
    const refusal = (config: object, options: { allowPrivate?: boolean } = {}) =>
      attempt({ ...server.config(bucket), ...config }, { path, name: 'refused.mp4', ...options }).catch(
        (error: unknown) => error,
      );

    beforeAll(async () => {
      path = (await files.make('refused', size)).path;
    });

    it.each([
      [{ secret: 'WRONG-SECRET' }, 'The storage refused the credentials or what they may do'],
      [{ access_key: 'test:nobody' }, 'The storage refused the credentials or what they may do'],
      [{ bucket: 'no-such-bucket' }, 'The storage has no bucket no-such-bucket (NoSuchBucket)'],
    ])('with %j is refused in a sentence without secrets', async (config, sentence) => {
      const error = await refusal(config);
      expect(error).toMatchObject({ kind: 'refused', message: expect.stringContaining(sentence) });
      expect((error as Error).message).not.toMatch(/WRONG-SECRET|testing|test:/);
    });

    it('to a port that nobody listens on is to be tried again', async () => {
      expect(await refusal({ endpoint: `http://127.0.0.1:${await freePort()}` })).toMatchObject({
        kind: 'retryable',
        message: 'The storage cannot be reached (ECONNREFUSED)',
      });
    });

    it('to a name that does not exist is to be tried again', async () => {
      expect(await refusal({ endpoint: 'http://storage.invalid:9000' })).toMatchObject({
        kind: 'retryable',
        message: expect.stringMatching(/cannot be reached \(E/),
      });
    });

    it.each([
      'http://127.0.0.1:1',
      'http://[::1]:1',
      'http://localhost:1',
      'http://10.1.2.3',
      'http://0x7f000001:1',
    ])('to %s is refused where private addresses are not allowed', async (endpoint) => {
      expect(await refusal({ endpoint }, { allowPrivate: false })).toMatchObject({
        kind: 'refused',
        message: expect.stringMatching(/is not a public address; PARLEY_STORAGE_ALLOW_PRIVATE=1/),
      });
    });

    it.each([
      [503, 'SlowDown', 'retryable', 'The storage is in trouble (SlowDown)'],
      [500, 'InternalError', 'retryable', 'The storage is in trouble (InternalError)'],
      [400, 'RequestTimeout', 'retryable', 'The storage is in trouble (RequestTimeout)'],
      [403, 'RequestTimeTooSkewed', 'refused', "This server's clock differs from the storage's"],
      [301, 'PermanentRedirect', 'refused', 'The bucket recordings is not in this region'],
      [400, '<script>', 'refused', 'The storage refused the upload (400)'],
    ])('that is answered with %i %s is %s', async (status, code, kind, sentence) => {
      const other = await answering((response) => {
        const text = code.replace('<', '&lt;');
        response.writeHead(status, { 'content-type': 'application/xml', location: 'http://127.0.0.1:1/' });
        response.end(`<?xml version="1.0"?><Error><Code>${text}</Code><Message>of testing</Message></Error>`);
      });
      const error = await refusal({ endpoint: other.origin });
      expect(error).toMatchObject({ kind, message: expect.stringContaining(sentence) });
      other.close();
    });

    it('that is answered without end is cut off', async () => {
      const other = await answering((response) => {
        response.writeHead(400, { 'content-type': 'application/xml' });
        response.write('<?xml version="1.0"?><Error><Code>');
        Readable.from(endless()).pipe(response);
      });
      expect(await refusal({ endpoint: other.origin })).toMatchObject({
        kind: 'retryable',
        message: 'The storage answered without end',
      });
      other.close();
    });

    it('that is answered by something else than S3 says so', async () => {
      const other = await answering((response) => response.end('<html>hello</html>'));
      expect(await refusal({ endpoint: other.origin })).toMatchObject({
        name: 'StorageError',
        message: expect.stringMatching(
          /not of S3|takes no uploads in parts|something else than what was sent/,
        ),
      });
      other.close();
    });
  });

  it('whose file is gone is refused', async () => {
    await expect(attempt(server.config(bucket), { path: '/nowhere/file', name: 'x' })).rejects.toMatchObject({
      kind: 'refused',
      message: 'The file to upload is gone',
    });
  });
});

function* endless() {
  for (;;) yield Buffer.alloc(MIB, 'x');
}

/** A server that reads each request and answers it in the same way. */
async function answering(answer: (response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, close: () => server.close() };
}
