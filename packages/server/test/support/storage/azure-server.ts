import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BlobServiceClient, ContainerSASPermissions } from '@azure/storage-blob';
import type { AzureConfig } from '../../../src/storage/config.js';
import { freePort } from '../free-port.js';

const PROGRAM = join(
  dirname(createRequire(import.meta.url).resolve('azurite/package.json')),
  'dist/src/blob/main.js',
);
const ACCOUNT = 'recordings';
export const ACCOUNT_KEY = Buffer.from('the key of the storage account').toString('base64');

export interface AzureServer {
  port: number;
  /** A storage on this server, by way of another port if asked for. */
  config(container: string, port?: number): AzureConfig;
  createContainer(name: string): Promise<void>;
  read(container: string, name: string): Promise<{ bytes: Buffer; contentType: string | undefined }>;
  /** How many blocks wait for their list. */
  waitingBlocks(container: string, name: string): Promise<number>;
  /** A signature that may write into the container and nothing else, as a connection string. */
  writeOnly(container: string): Promise<AzureConfig>;
  close(): Promise<void>;
}

/** Microsoft's own Azurite: it checks signatures and the MD5s of blocks. */
export async function startAzureServer(): Promise<AzureServer> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-azure-'));
  const port = await freePort();
  const options = ['--silent', '--skipApiVersionCheck', '--disableProductStyleUrl'];
  const child = spawn(
    process.execPath,
    [PROGRAM, '--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', folder, ...options],
    {
      env: { PATH: process.env.PATH, AZURITE_ACCOUNTS: `${ACCOUNT}:${ACCOUNT_KEY}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  // A test's process that is killed leaves no server behind.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  for await (const text of child.stdout.setEncoding('utf8')) if (text.includes('successfully')) break;

  const endpointAt = (at: number) => `http://127.0.0.1:${at}/${ACCOUNT}`;
  const connectionString = (at: number) =>
    `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${ACCOUNT_KEY};BlobEndpoint=${endpointAt(at)};`;
  const service = BlobServiceClient.fromConnectionString(connectionString(port));
  const blobOf = (container: string, name: string) =>
    service.getContainerClient(container).getBlockBlobClient(name);
  return {
    port,
    config: (bucket, at = port) => ({ type: 'azure', access_key: connectionString(at), bucket }),
    async createContainer(name) {
      await service.createContainer(name);
    },
    async read(container, name) {
      const blob = blobOf(container, name);
      const { contentType } = await blob.getProperties();
      return { bytes: await blob.downloadToBuffer(), contentType };
    },
    async waitingBlocks(container, name) {
      const { uncommittedBlocks = [] } = await blobOf(container, name).getBlockList('uncommitted');
      return uncommittedBlocks.length;
    },
    async writeOnly(bucket) {
      const permissions = ContainerSASPermissions.parse('cw');
      const url = await service
        .getContainerClient(bucket)
        .generateSasUrl({ permissions, expiresOn: new Date(Date.now() + 3_600_000) });
      const signature = url.slice(url.indexOf('?') + 1);
      return {
        type: 'azure',
        access_key: `BlobEndpoint=${endpointAt(port)};SharedAccessSignature=${signature}`,
        bucket,
      };
    },
    async close() {
      process.off('exit', end);
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
