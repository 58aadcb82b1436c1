import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GcsConfig } from '../../../src/storage/config.js';
import { endpointOf } from '../../../src/storage/s3-client.js';
import { openGate } from '../../support/storage/gate.js';
import { type GoogleGateway, openGoogleGateway } from '../../support/storage/google-gateway.js';
import { type S3Server, s3ServerIsInstalled, startS3Server } from '../../support/storage/s3-server.js';
import { attempt, cutOffAt, LocalFiles, MIB, newProgress } from './support.js';

describe('a request to Google Cloud Storage', () => {
  const hmac: GcsConfig = { type: 'gcs', access_key: 'GOOG1E', secret: 's3cret', bucket: 'a.b' };
  let files: LocalFiles;

  beforeAll(async () => {
    files = await LocalFiles.create();
  });
  afterAll(() => files.remove());

  it('goes to its XML API', () => {
    expect(endpointOf(hmac)).toBe('https://storage.googleapis.com');
  });

  // What its interoperability does not take, by its documentation and the reports of others who use this library.
  it.each([
    ['a small file', MIB],
    ['parts', 9 * MIB],
  ])('of %s names the bucket in its path, and has no checksum but MD5', async (_, size) => {
    const requests: IncomingMessage[] = [];
    const server = createServer((request, answer) => {
      requests.push(request);
      request.resume().on('end', () => answer.writeHead(503).end());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { path } = await files.make('file', size);
    await expect(attempt({ ...hmac, endpoint }, { path, name: 'x.mp4' })).rejects.toMatchObject({
      kind: 'retryable',
    });
    server.close();
    expect(requests.length).toBeGreaterThan(0);
    for (const { url, headers } of requests) {
      expect(url).toMatch(/^\/a\.b\/(x\.mp4)?\?/);
      expect(Object.keys(headers).filter((name) => /checksum|trailer|decoded-content/.test(name))).toEqual(
        [],
      );
      expect(headers['x-amz-content-sha256']).not.toContain('STREAMING');
      expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=GOOG1E\//);
      expect(headers.authorization).not.toMatch(/SignedHeaders=[^,]*accept-encoding/);
    }
  });
});

describe.skipIf(!s3ServerIsInstalled)('an upload to a bucket of type gcs (RC28, RC29)', () => {
  let server: S3Server;
  let files: LocalFiles;
  let gateway: GoogleGateway;
  const bucket = 'recordings';

  beforeAll(async () => {
    [server, files] = await Promise.all([startS3Server(), LocalFiles.create()]);
    const { access_key: accessKeyId, secret: secretAccessKey } = server.config(bucket);
    gateway = await openGoogleGateway({ port: server.port, accessKeyId, secretAccessKey });
    await server.createBucket(bucket);
  });
  afterAll(async () => {
    await gateway.close();
    await server.close();
    await files.remove();
  });

  const withHmac = (port = server.port): GcsConfig => {
    const { access_key, secret, endpoint } = server.config(bucket, port);
    return { type: 'gcs', access_key, secret, bucket, endpoint: endpoint! };
  };

  const kinds: [string, () => GcsConfig][] = [
    ['with an HMAC key', withHmac],
    ['with a service account', () => gateway.config(bucket)],
  ];

  describe.each(kinds)('%s', (kind, config) => {
    it.each([1, 8 * MIB + 5])('of %i bytes arrives', async (size) => {
      const { path, bytes } = await files.make('file', size);
      const name = `${kind} ${size} ü.mp4`;
      const stored = await attempt({ ...config(), path: '/a/b/' }, { path, name });
      expect(stored).toEqual({ location: `gs://recordings/a/b/${name}`, bytes: size });
      const kept = await server.read(bucket, `a/b/${name}`);
      expect(kept.bytes.equals(bytes)).toBe(true);
      expect(kept.contentType).toBe('video/mp4');
      expect(await server.unfinished(bucket)).toEqual([]);
    });

    it('that was cut off goes on with the same upload', async () => {
      const { path, bytes } = await files.make('cut', 17 * MIB);
      const again = await cutOffAt(8 * MIB, config(), { path, name: `${kind}.mp4` });
      expect(await server.unfinished(bucket)).toEqual([again.resume!.uploadId]);
      await attempt(config(), { path, name: `${kind}.mp4` }, again);
      expect(again.sentBytes).toEqual([16 * MIB, 17 * MIB]);
      expect((await server.read(bucket, `${kind}.mp4`)).bytes.equals(bytes)).toBe(true);
      expect(await server.unfinished(bucket)).toEqual([]);
    });

    it('whose last answer was lost is recognised as finished', async () => {
      const { path } = await files.make('finished', 9 * MIB);
      const saved = newProgress();
      await attempt(config(), { path, name: `finished ${kind}.mp4` }, saved);
      const again = { resume: saved.resume, sentBytes: [] };
      await attempt(config(), { path, name: `finished ${kind}.mp4` }, again);
      expect(again.sentBytes).toEqual([]);
    });

    it('with a bucket that is not there says so', async () => {
      const { path } = await files.make('nowhere', MIB);
      await expect(
        attempt({ ...config(), bucket: 'no-such-bucket' }, { path, name: 'x' }),
      ).rejects.toMatchObject({
        kind: 'refused',
        message: 'The storage has no bucket no-such-bucket (NoSuchBucket)',
      });
    });
  });

  it('with a service account asks for a token once, and in no way that Google does not know', async () => {
    const { path } = await files.make('token', 9 * MIB);
    const before = gateway.tokens.length;
    await attempt(gateway.config(bucket), { path, name: 'token.mp4' });
    expect(gateway.tokens.length).toBe(before + 1);
    expect(gateway.foreignHeaders).toEqual([]);
  });

  it('with a wrong HMAC key is refused in a sentence without secrets', async () => {
    const { path } = await files.make('refused', MIB);
    const failure = attempt({ ...withHmac(), secret: 'WRONG-SECRET' }, { path, name: 'x' });
    await expect(failure).rejects.toMatchObject({
      kind: 'refused',
      message: 'The storage refused the credentials or what they may do (SignatureDoesNotMatch)',
    });
  });

  describe('with a service account', () => {
    const failureOf = async (changed: object, allowPrivate = true) => {
      const { path } = await files.make('account', MIB);
      const config = gateway.config(bucket);
      const secret = JSON.stringify({ ...JSON.parse(config.secret), ...changed });
      return await attempt({ ...config, secret }, { path, name: 'x', allowPrivate }).catch(
        (error: unknown) => error,
      );
    };

    it('that Google does not know is refused', async () => {
      expect(await failureOf({ client_email: 'somebody@example.com' })).toMatchObject({
        kind: 'refused',
        message: 'Google refused the service account (invalid_grant)',
      });
    });

    it('whose tokens come from a place out of reach is to be tried again', async () => {
      expect(await failureOf({ token_uri: 'http://127.0.0.1:1/token' })).toMatchObject({
        kind: 'retryable',
        message: 'The storage cannot be reached (ECONNREFUSED)',
      });
    });

    it('whose tokens come from something that is no such place is to be tried again', async () => {
      const { endpoint } = server.config(bucket);
      expect(await failureOf({ token_uri: endpoint })).toMatchObject({ name: 'StorageError' });
    });

    it('calls no private address where such are not allowed', async () => {
      const { path } = await files.make('private', MIB);
      const config = { ...gateway.config(bucket), endpoint: 'https://storage.example.com' };
      await expect(attempt(config, { path, name: 'x', allowPrivate: false })).rejects.toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('127.0.0.1 is not a public address'),
      });
    });

    it('whose token was revoked in between is refused', async () => {
      const { path } = await files.make('revoked', 9 * MIB);
      const saved = newProgress();
      const failure = attempt(
        gateway.config(bucket),
        { path, name: 'revoked.mp4' },
        {
          ...saved,
          set resume(state) {
            saved.resume = state;
            gateway.revoke();
          },
          get resume() {
            return null;
          },
        },
      );
      await expect(failure).rejects.toMatchObject({
        kind: 'refused',
        message: 'The storage refused the credentials or what they may do (AuthenticationRequired)',
      });
    });
  });

  it('goes on after its connection broke in a part', async () => {
    const gate = await openGate(server.port);
    const { path, bytes } = await files.make('broken', 18 * MIB);
    const saved = newProgress();
    const held = gate.holdAfter(12 * MIB);
    const failure = attempt(withHmac(gate.port), { path, name: 'broken.mp4' }, saved).catch(
      (error: unknown) => error,
    );
    await held;
    gate.drop();
    expect(await failure).toMatchObject({ kind: 'retryable' });
    gate.release();
    await attempt(withHmac(gate.port), { path, name: 'broken.mp4' }, saved);
    expect(gate.parts).toEqual([1, 2, 2, 3]);
    expect((await server.read(bucket, 'broken.mp4')).bytes.equals(bytes)).toBe(true);
    await gate.close();
  });
});
