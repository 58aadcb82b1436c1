import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Config } from '../../../src/storage/config.js';
import { hasPythonPackage, startPythonServer } from './python-server.js';

export const s3ServerIsInstalled = hasPythonPackage('swift');

export interface S3Server {
  port: number;
  /** A storage on this server, by way of another port if asked for. */
  config(bucket: string, port?: number): S3Config;
  createBucket(name: string): Promise<void>;
  read(bucket: string, key: string): Promise<{ bytes: Buffer; contentType: string | undefined }>;
  keys(bucket: string): Promise<string[]>;
  /** Ids of the multipart uploads that are neither complete nor aborted. */
  unfinished(bucket: string): Promise<string[]>;
  close(): Promise<void>;
}

/** OpenStack Swift with its S3 API: it checks signatures and MD5s, and keeps S3's rules of multipart uploads. */
export async function startS3Server(): Promise<S3Server> {
  const server = await startPythonServer('s3-server.py');
  const credentials = { accessKeyId: 'test:tester', secretAccessKey: 'testing' };
  const region = 'us-east-1';
  const endpoint = `http://127.0.0.1:${server.port}`;
  const client = new S3Client({ region, endpoint, credentials, forcePathStyle: true });
  return {
    port: server.port,
    config: (bucket, port = server.port) => ({
      type: 'aws',
      access_key: credentials.accessKeyId,
      secret: credentials.secretAccessKey,
      region,
      bucket,
      endpoint: `http://127.0.0.1:${port}`,
    }),
    async createBucket(name) {
      await client.send(new CreateBucketCommand({ Bucket: name }));
    },
    async read(bucket, key) {
      const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return { bytes: Buffer.from(await Body!.transformToByteArray()), contentType: ContentType };
    },
    async keys(bucket) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async unfinished(bucket) {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.map(({ UploadId = '' }) => UploadId);
    },
    async close() {
      client.destroy();
      await server.close();
    },
  };
}
