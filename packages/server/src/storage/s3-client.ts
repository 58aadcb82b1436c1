import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { pipeline, Readable, Transform } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { type AddressRule, guardedLookup, literalRefusal } from '../network/address-guard.js';
import type { S3Config } from './config.js';
import { StorageError } from './errors.js';
import { EndlessAnswer } from './s3-errors.js';
import { CONNECT_TIMEOUT_MS } from './target.js';

/** R2 and most servers of one's own have no regions, and take any name in the signature. */
const REGION_OF_ANY_SERVER = 'us-east-1';

/** The longest of real answers lists a thousand parts. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;

/** Where a storage's requests go; undefined leaves it to the client, which knows the hosts of AWS by region. */
export function endpointOf(config: S3Config): string | undefined {
  if (config.endpoint) return config.endpoint;
  if (config.type === 'digitalocean') return `https://${config.region}.digitaloceanspaces.com`;
  if (config.type === 'cloudflare') return `https://${config.account_id}.r2.cloudflarestorage.com`;
  return undefined;
}

/** Throws StorageError (refused) when the endpoint is a private address and such are not allowed. */
export function createS3Client(config: S3Config, rule: AddressRule): { client: S3Client; close(): void } {
  const endpoint = endpointOf(config);
  const refusal = endpoint ? literalRefusal(new URL(endpoint).hostname, rule) : null;
  if (refusal) throw new StorageError('refused', refusal.message);
  const options = { keepAlive: true, lookup: guardedLookup(rule) };
  const agents = { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
  const client = new S3Client({
    // Spaces take AWS's first region in the signature, whatever their own.
    region: config.type === 'aws' && config.region ? config.region : REGION_OF_ANY_SERVER,
    ...(endpoint && { endpoint }),
    // A server of one's own rarely has a name for each bucket.
    forcePathStyle: config.endpoint !== undefined,
    credentials: { accessKeyId: config.access_key, secretAccessKey: config.secret },
    requestHandler: { ...agents, connectionTimeout: CONNECT_TIMEOUT_MS },
    // Failed uploads are tried again by their runner, which knows what was sent already.
    maxAttempts: 1,
    // Newer checksums are not known to every S3-compatible server; parts carry their MD5 instead.
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
  return {
    client,
    close() {
      client.destroy();
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
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
