import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Client, type SFTPWrapper, type Stats } from 'ssh2';
import { type AddressRule, guardedLookup, literalRefusal } from '../network/address-guard.js';
import type { SftpConfig } from './config.js';
import { StorageError } from './errors.js';
import { isMissing } from './sftp-errors.js';
import { CONNECT_TIMEOUT_MS } from './target.js';

const SSH_PORT = 22;
/** What every SFTP server takes in one write. */
const WRITE_BYTES = 32 * 1024;

type Callback<T> = (error: Error | null | undefined, value: T) => void;

/** One SSH connection with its SFTP channel. Every call fails once the signal is aborted or the connection is gone. */
export class SftpConnection {
  readonly #client: Client;
  readonly #sftp: SFTPWrapper;
  readonly #gone: Promise<never>;

  private constructor(client: Client, sftp: SFTPWrapper, gone: Promise<never>) {
    this.#client = client;
    this.#sftp = sftp;
    this.#gone = gone;
  }

  /** Throws StorageError, AddressRefused, or an error of the network or of ssh2 (`sftp-errors.ts`). */
  static async open(config: SftpConfig, rule: AddressRule, signal: AbortSignal): Promise<SftpConnection> {
    const socket = await openSocket(config, rule, signal);
    const client = new Client();
    const gone = new Promise<never>((_, reject) => {
      client.on('error', reject);
      client.on('close', () => reject(new Error('The connection was closed')));
    });
    gone.catch(() => undefined);
    signal.addEventListener('abort', () => client.destroy(), { once: true });
    try {
      await Promise.race([login(client, socket, config), gone]);
      const sftp = await Promise.race([call<SFTPWrapper>((done) => client.sftp(done)), gone]);
      return new SftpConnection(client, sftp, gone);
    } catch (error) {
      client.destroy();
      socket.destroy();
      throw error;
    }
  }

  /** Null when there is no such file. */
  async sizeOf(path: string): Promise<number | null> {
    try {
      return (await this.#call<Stats>((done) => this.#sftp.stat(path, done))).size;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Makes each folder that is missing; what cannot be made shows when a file is opened in it. */
  async makeFolders(path: string): Promise<void> {
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth++) {
      const folder = names.slice(0, depth).join('/');
      if (folder !== '')
        await this.#call<void>((done) => this.#sftp.mkdir(folder, done)).catch(() => undefined);
    }
  }

  open(path: string, flags: 'w' | 'r+'): Promise<Buffer> {
    return this.#call<Buffer>((done) => this.#sftp.open(path, flags, done));
  }

  /** Resolves when the server has acknowledged every byte; the writes of one part travel at once. */
  async write(handle: Buffer, bytes: Buffer, position: number): Promise<void> {
    const writes: Promise<void>[] = [];
    for (let offset = 0; offset < bytes.length; offset += WRITE_BYTES) {
      const length = Math.min(WRITE_BYTES, bytes.length - offset);
      writes.push(
        this.#call<void>((done) => this.#sftp.write(handle, bytes, offset, length, position + offset, done)),
      );
    }
    await Promise.all(writes);
  }

  /** Onto the server's disk, where the server offers that; others acknowledge what they will. */
  async sync(handle: Buffer): Promise<void> {
    await this.#call<void>((done) => this.#sftp.ext_openssh_fsync(handle, done)).catch(() => undefined);
  }

  closeFile(handle: Buffer): Promise<void> {
    return this.#call<void>((done) => this.#sftp.close(handle, done));
  }

  /** Takes the place of a file of that name. */
  async rename(from: string, to: string): Promise<void> {
    try {
      await this.#call<void>((done) => this.#sftp.ext_openssh_rename(from, to, done));
    } catch {
      await this.remove(to).catch(() => undefined);
      await this.#call<void>((done) => this.#sftp.rename(from, to, done));
    }
  }

  remove(path: string): Promise<void> {
    return this.#call<void>((done) => this.#sftp.unlink(path, done));
  }

  close(): void {
    this.#client.end();
    this.#client.destroy();
  }

  #call<T>(run: (done: Callback<T>) => void): Promise<T> {
    return Promise.race([call(run), this.#gone]);
  }
}

/** ssh2 throws some errors where it is called, and hands others to the callback. */
function call<T>(run: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    run((error, value) => (error ? reject(error) : resolve(value)));
  });
}

async function openSocket(
  { host, port = SSH_PORT }: SftpConfig,
  rule: AddressRule,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  const refusal = literalRefusal(host, rule);
  if (refusal) throw refusal;
  const socket = connect({ host, port, lookup: guardedLookup(rule) });
  try {
    await once(socket, 'connect', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]),
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function login(client: Client, sock: Socket, config: SftpConfig): Promise<void> {
  const ready = once(client, 'ready');
  ready.catch(() => undefined);
  const proof =
    config.auth_method === 'KEY'
      ? { privateKey: config.private_key, passphrase: config.password }
      : { password: config.password };
  const hostVerifier = (key: Buffer): boolean =>
    config.host_key === undefined || fingerprintOf(key) === config.host_key;
  try {
    client.connect({
      sock,
      username: config.username,
      readyTimeout: CONNECT_TIMEOUT_MS,
      hostVerifier,
      ...proof,
    });
  } catch {
    throw new StorageError('refused', 'The private key cannot be read, or its passphrase is wrong');
  }
  await ready;
}

/** As `ssh-keygen -l` prints it. */
const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
