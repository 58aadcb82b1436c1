import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, truncate } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SftpConfig } from '../../../src/storage/config.js';
import { freePort } from '../../support/free-port.js';
import { openGate } from '../../support/storage/gate.js';
import {
  type SftpServer,
  sftpServerIsInstalled,
  startSftpServer,
} from '../../support/storage/sftp-server.js';
import { attempt, cutOffAt, discard, LocalFiles, MIB, newProgress } from './support.js';

if (!sftpServerIsInstalled) console.warn('Uploads by SFTP are not tested: python3-asyncssh is not installed');

describe.skipIf(!sftpServerIsInstalled)('an upload by SFTP (RC28, RC29)', () => {
  let server: SftpServer;
  let files: LocalFiles;
  const stored = (path: string) => readFile(join(server.files, path));

  beforeAll(async () => {
    [server, files] = await Promise.all([startSftpServer(), LocalFiles.create()]);
  });
  afterAll(async () => {
    await server.close();
    await files.remove();
  });

  const withKey = (fields: Partial<SftpConfig>): SftpConfig => ({
    ...server.withPassword(),
    auth_method: 'KEY',
    password: undefined,
    ...fields,
  });

  it('with a password makes the folders, and the file when it is whole', async () => {
    const { path, bytes } = await files.make('whole', 9 * MIB + 7);
    const saved = newProgress();
    const config = { ...server.withPassword(), path: '/recordings/2026/' };
    const result = await attempt(config, { path, name: 'whole ü.mp4' }, saved);
    expect(result).toEqual({
      location: 'sftp://127.0.0.1/recordings/2026/whole ü.mp4',
      bytes: bytes.length,
    });
    expect((await stored('recordings/2026/whole ü.mp4')).equals(bytes)).toBe(true);
    expect(await readdir(join(server.files, 'recordings/2026'))).toEqual(['whole ü.mp4']);
    expect(saved.sentBytes).toEqual([8 * MIB, bytes.length]);
  });

  it('goes with a key, with a locked key and its passphrase, and to a known host', async () => {
    const { path, bytes } = await files.make('keys', MIB);
    const configs = [
      withKey({ private_key: server.privateKey }),
      withKey({ private_key: server.lockedPrivateKey, password: server.passphrase }),
      { ...server.withPassword(), host_key: server.hostKey },
    ];
    for (const [index, config] of configs.entries()) {
      await attempt(config, { path, name: `keys-${index}.mp4` });
      expect((await stored(`keys-${index}.mp4`)).equals(bytes)).toBe(true);
    }
  });

  it('takes the place of a file of the same name, and may be empty', async () => {
    for (const size of [2 * MIB, MIB, 0]) {
      const { path, bytes } = await files.make('same', size);
      await attempt(server.withPassword(), { path, name: 'same.mp4' });
      expect((await stored('same.mp4')).equals(bytes)).toBe(true);
    }
  });

  it('whose connection breaks in a part goes on after the last acknowledged one', async () => {
    const gate = await openGate(server.port);
    const { path, bytes } = await files.make('broken', 18 * MIB);
    const saved = newProgress();
    const config = server.withPassword(gate.port);
    const held = gate.holdAfter(12 * MIB);
    const failure = attempt(config, { path, name: 'broken.mp4' }, saved).catch((error: unknown) => error);
    await held;
    gate.drop();
    expect(await failure).toMatchObject({ kind: 'retryable' });
    expect(saved.sentBytes).toEqual([8 * MIB]);
    expect(await readdir(server.files)).not.toContain('broken.mp4');

    gate.release();
    await attempt(config, { path, name: 'broken.mp4' }, saved);
    expect(saved.sentBytes.slice(1)).toEqual([16 * MIB, 18 * MIB]);
    expect((await stored('broken.mp4')).equals(bytes)).toBe(true);
    await gate.close();
  });

  it('of which the server lost the end goes on from what is there', async () => {
    const { path, bytes } = await files.make('lost', 9 * MIB);
    const again = await cutOffAt(8 * MIB, server.withPassword(), { path, name: 'lost.mp4' });
    await truncate(join(server.files, 'lost.mp4.part'), 3 * MIB);
    await attempt(server.withPassword(), { path, name: 'lost.mp4' }, again);
    expect((await stored('lost.mp4')).equals(bytes)).toBe(true);
  });

  it('of which the server keeps less than it acknowledged is begun anew, and never called whole', async () => {
    const { path } = await files.make('shrinks', MIB);
    const saved = newProgress();
    await expect(attempt(server.withPassword(), { path, name: 'shrinks.mp4' }, saved)).rejects.toMatchObject({
      kind: 'retryable',
      message: 'The SFTP server holds something else than what was sent',
    });
    expect(saved.sentBytes).toEqual([MIB, 0]);
    expect(await readdir(server.files)).not.toContain('shrinks.mp4');
  });

  it('that was renamed just before a crash is recognised as finished', async () => {
    const { path } = await files.make('renamed', MIB);
    const saved = newProgress();
    await attempt(server.withPassword(), { path, name: 'renamed.mp4' }, saved);
    const again = { resume: saved.resume, sentBytes: [] as number[] };
    await attempt(server.withPassword(), { path, name: 'renamed.mp4' }, again);
    expect(again.sentBytes).toEqual([]);
  });

  it('that is discarded leaves nothing behind', async () => {
    const { path } = await files.make('discarded', MIB);
    const saved = newProgress();
    await attempt(server.withPassword(), { path, name: 'discarded.mp4' }, saved);
    await rename(join(server.files, 'discarded.mp4'), join(server.files, 'discarded.mp4.part'));
    await discard(server.withPassword(), 'discarded.mp4', saved.resume!);
    expect((await readdir(server.files)).filter((name) => name.startsWith('discarded'))).toEqual([]);
  });

  describe('is refused', () => {
    let path: string;
    const failureWith = (config: Partial<SftpConfig>, options: { allowPrivate?: boolean } = {}) =>
      attempt({ ...server.withPassword(), ...config }, { path, name: 'x.mp4', ...options }).catch(
        (error: unknown) => error,
      );

    beforeAll(async () => {
      path = (await files.make('refused', 1_000)).path;
    });

    it.each([
      [{ password: 'WRONG' }, 'refused the user name, the password or the key'],
      [{ username: 'nobody' }, 'refused the user name, the password or the key'],
      [{ auth_method: 'KEY' as const, private_key: 'no key' }, 'private key cannot be read'],
      [{ host_key: `SHA256:${'a'.repeat(43)}` }, 'shows another host key'],
      [{ path: '/readonly' }, 'does not allow writing to the folder'],
    ])('with %j, in a sentence without secrets', async (config, sentence) => {
      const error = await failureWith(config);
      expect(error).toMatchObject({ kind: 'refused', message: expect.stringContaining(sentence) });
      expect((error as Error).message).not.toMatch(/WRONG|opensesame|no key/);
    });

    it('with the wrong passphrase of a key', async () => {
      const config = withKey({ private_key: server.lockedPrivateKey, password: 'WRONG' });
      expect(await failureWith(config)).toMatchObject({ kind: 'refused' });
    });

    it.each(['127.0.0.1', 'localhost', '::1', '192.168.3.4'])(
      'to %s, where private addresses are not allowed',
      async (host) => {
        expect(await failureWith({ host }, { allowPrivate: false })).toMatchObject({
          kind: 'refused',
          message: expect.stringContaining('PARLEY_STORAGE_ALLOW_PRIVATE=1'),
        });
      },
    );
  });

  describe('is to be tried again', () => {
    let path: string;
    let silent: Server;
    const failureAt = (fields: Partial<SftpConfig>) =>
      attempt({ ...server.withPassword(), ...fields }, { path, name: 'x.mp4' }).catch(
        (error: unknown) => error,
      );

    beforeAll(async () => {
      path = (await files.make('later', 1_000)).path;
      silent = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
        0,
        '127.0.0.1',
      );
      await once(silent, 'listening');
    });
    afterAll(() => silent.close());

    it('at a port that nobody listens on', async () => {
      expect(await failureAt({ port: await freePort() })).toMatchObject({
        kind: 'retryable',
        message: 'The SFTP server cannot be reached (ECONNREFUSED)',
      });
    });

    it('at a name that does not exist', async () => {
      expect(await failureAt({ host: 'files.invalid' })).toMatchObject({ kind: 'retryable' });
    });

    it('at a server that speaks something else', async () => {
      const { port } = silent.address() as { port: number };
      expect(await failureAt({ port })).toMatchObject({ name: 'StorageError' });
    });

    it('where a folder of the name of the file is in the way', async () => {
      await mkdir(join(server.files, 'x.mp4.part'), { recursive: true });
      expect(await failureAt({})).toMatchObject({ name: 'StorageError' });
    });
  });
});
