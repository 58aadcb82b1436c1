import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import type { SftpConfig } from '../../../src/storage/config.js';
import { hasPythonPackage, startPythonServer } from './python-server.js';

export const sftpServerIsInstalled = hasPythonPackage('asyncssh');

export interface SftpServer {
  port: number;
  /** The server's root, on this machine. */
  files: string;
  /** Fingerprint of the server's key. */
  hostKey: string;
  /** Lets the server be reached with its password, by way of another port if asked for. */
  withPassword(port?: number): SftpConfig;
  /** Private halves of the key that the server takes: plain, and locked with `passphrase`. */
  privateKey: string;
  lockedPrivateKey: string;
  passphrase: string;
  close(): Promise<void>;
}

/** The SFTP server of asyncssh, which takes `recorder` with a password or a key. */
export async function startSftpServer(): Promise<SftpServer> {
  const passphrase = 'a passphrase';
  const plain = ssh2.utils.generateKeyPairSync('ed25519');
  const locked = ssh2.utils.generateKeyPairSync('ed25519', { passphrase, cipher: 'aes256-cbc', rounds: 4 });
  const server = await startPythonServer('sftp-server.py', (folder) =>
    writeFile(join(folder, 'authorized_keys'), `${plain.public}\n${locked.public}\n`),
  );
  return {
    port: server.port,
    files: join(server.folder, 'files'),
    hostKey: server.greeting,
    withPassword: (port = server.port) => ({
      type: 'sftp',
      host: '127.0.0.1',
      port,
      username: 'recorder',
      auth_method: 'PASSWORD',
      password: 'opensesame',
    }),
    privateKey: plain.private,
    lockedPrivateKey: locked.private,
    passphrase,
    close: server.close,
  };
}
