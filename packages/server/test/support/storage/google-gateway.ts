import { createHash, createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SignatureV4 } from '@smithy/signature-v4';
import { jwtVerify } from 'jose';
import type { GcsConfig } from '../../../src/storage/config.js';

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
const EMAIL = 'recorder@project.iam.gserviceaccount.com';

/** What makes an S3 server take the tokens of a service account, as Google's XML API does. */
export interface GoogleGateway {
  /** Tokens that were handed out. */
  tokens: string[];
  /** Names of headers that Google would not know from a request with a token. */
  foreignHeaders: string[];
  config(bucket: string): GcsConfig;
  /** Tokens that were handed out are not valid any more. */
  revoke(): void;
  close(): Promise<void>;
}

/**
 * Hands out tokens for assertions that are signed with the key of its account, and passes requests with such a token on
 * to the S3 server, signed. The headers change between Google's names and those of S3; nothing else is its own.
 */
export async function openGoogleGateway(s3: {
  port: number;
  accessKeyId: string;
  secretAccessKey: string;
}): Promise<GoogleGateway> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signer = new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    credentials: s3,
    sha256: Sha256,
    uriEscapePath: false,
  });
  const tokens: string[] = [];
  const valid = new Set<string>();
  const foreignHeaders: string[] = [];

  async function handOut(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(incoming));
    try {
      const { payload } = await jwtVerify(form.get('assertion') ?? '', publicKey, {
        issuer: EMAIL,
        audience: `${origin}/token`,
        maxTokenAge: '1h',
      });
      if (
        payload.scope !== SCOPE ||
        form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer'
      ) {
        throw new Error('Not what Google is asked for');
      }
    } catch {
      answer.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      return;
    }
    const token = randomUUID();
    tokens.push(token);
    valid.add(token);
    const body = JSON.stringify({ access_token: token, expires_in: 3599, token_type: 'Bearer' });
    answer.writeHead(200, { 'content-type': 'application/json' }).end(body);
  }

  async function passOn(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const token = incoming.headers.authorization?.replace('Bearer ', '') ?? '';
    if (!valid.has(token)) {
      incoming.resume();
      answer.writeHead(401).end('<Error><Code>AuthenticationRequired</Code></Error>');
      return;
    }
    foreignHeaders.push(...Object.keys(incoming.headers).filter((name) => /^(x-amz|amz)-/.test(name)));
    const { authorization, connection, ...headers } = incoming.headers as Record<string, string>;
    const url = new URL(incoming.url!, origin);
    const signed = await signer.sign({
      method: incoming.method!,
      protocol: 'http:',
      hostname: '127.0.0.1',
      port: s3.port,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: {
        ...renamed(headers, 'x-goog-meta-', 'x-amz-meta-'),
        host: `127.0.0.1:${s3.port}`,
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      },
    });
    const outgoing = request({
      port: s3.port,
      host: '127.0.0.1',
      method: incoming.method,
      path: incoming.url,
      headers: signed.headers,
    });
    incoming.pipe(outgoing);
    const [result] = (await once(outgoing, 'response')) as [IncomingMessage];
    const resultHeaders = renamed(result.headers as Record<string, string>, 'x-amz-meta-', 'x-goog-meta-');
    answer.writeHead(result.statusCode!, resultHeaders);
    result.pipe(answer);
  }

  const server = createServer((incoming, answer) => {
    const work = incoming.url === '/token' ? handOut : passOn;
    work(incoming, answer).catch(() => answer.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    tokens,
    foreignHeaders,
    config: (bucket) => ({
      type: 'gcs',
      bucket,
      endpoint: origin,
      secret: JSON.stringify({
        type: 'service_account',
        client_email: EMAIL,
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        token_uri: `${origin}/token`,
      }),
    }),
    revoke: () => valid.clear(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function renamed(headers: Record<string, string>, from: string, to: string): Record<string, string> {
  const entries = Object.entries(headers);
  return Object.fromEntries(
    entries.map(([name, value]) => [name.startsWith(from) ? to + name.slice(from.length) : name, value]),
  );
}

/** What the signer asks for: a hash, or with a key an HMAC. */
class Sha256 {
  #hash;

  constructor(key?: string | Uint8Array | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key as Uint8Array);
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = createHash('sha256');
  }
}
