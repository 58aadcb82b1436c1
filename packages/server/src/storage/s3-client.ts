import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { pipeline, Readable, Transform } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { type AddressRule, guardedLookup, literalRefusal } from '../network/address-guard.js';
import { type GcsConfig, readServiceAccountKey, type S3Config } from './config.js';
import { EndlessAnswer, StorageError } from './errors.js';
import { GoogleAccount } from './google-account.js';
import { ANSWER_MAX_BYTES, CONNECT_TIMEOUT_MS } from './target.js';

/** What S3 and its like have to be told. */
export type BucketConfig = S3Config | GcsConfig;

/** R2 and most servers of one's own have no regions, and take any name in the signature. */
const REGION_OF_ANY_SERVER = 'us-east-1';
const GOOGLE = 'https://storage.googleapis.com';

/** Where a storage's requests go; undefined leaves it to the client, which knows the hosts of AWS by region. */
export function endpointOf(config: BucketConfig): string | undefined {
  if (config.endpoint) return config.endpoint;
  if (config.type === 'gcs') return GOOGLE;
  if (config.type === 'digitalocean') return `https://${config.region}.digitaloceanspaces.com`;
  if (config.type === 'cloudflare') return `https://${config.account_id}.r2.cloudflarestorage.com`;
  return undefined;
}

/** Throws StorageError (refused) when the endpoint is a private address and such are not allowed. */
export function createS3Client(config: BucketConfig, rule: AddressRule): { client: S3Client; close(): void } {
  const endpoint = endpointOf(config);
  const refusal = endpoint ? literalRefusal(new URL(endpoint).hostname, rule) : null;
  if (refusal) throw new StorageError('refused', refusal.message);
  const options = { keepAlive: true, lookup: guardedLookup(rule) };
  const agents = { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
  const account = accountOf(config, rule);
  const client = new S3Client({
    // Spaces take AWS's first region in the signature, whatever their own.
    region: config.type === 'aws' && config.region ? config.region : REGION_OF_ANY_SERVER,
    ...(endpoint && { endpoint }),
    // A server of one's own rarely has a name for each bucket, and Google's certificate fits no bucket with a dot.
    forcePathStyle: config.endpoint !== undefined || config.type === 'gcs',
    credentials: { accessKeyId: config.access_key ?? '', secretAccessKey: config.secret },
    ...(account && { signer: account }),
    requestHandler: { ...agents, connectionTimeout: CONNECT_TIMEOUT_MS },
    // Failed uploads are tried again by their runner, which knows what was sent already.
    maxAttempts: 1,
    // Newer checksums are not known to every S3-compatible server, and Google answers them with 412; parts carry their
    // MD5 instead.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  client.middlewareStack.add(
    (next) => async (request) => {
      const result = await next(request);
      const response = result.response as { body?: unknown };
      if (response.body instanceof Readable) response.body = bounded(response.body);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'boundAnswers' },
  );
  account?.renameAnswers(client);
  return {
    client,
    close() {
      account?.close();
      client.destroy();
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

/** Google's buckets are reached with an HMAC key, or else with the key file of a service account. */
function accountOf({ type, access_key, secret }: BucketConfig, rule: AddressRule): GoogleAccount | null {
  const key = type === 'gcs' && !access_key ? readServiceAccountKey(secret) : null;
  return key && new GoogleAccount(key, rule);
}

/** Cuts off an answer that does not end: the client reads each whole into memory, and anybody may be an endpoint. */
function bounded(body: Readable): Readable {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > ANSWER_MAX_BYTES) done(new EndlessAnswer());
      else done(null, chunk);
    },
  });
  // A failure reaches whoever reads the counter.
  return pipeline(body, counter, () => undefined);
}
