import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';

/** Signatures kept for reuse by the other receivers and the retries of the same body. */
const CACHED_SIGNATURES_MAX = 1_024;
/** Larger bodies are signed again rather than held in memory. */
const CACHED_BODY_MAX_CHARS = 16 * 1_024;

const RSA_BITS = 2_048;
const signInThreadPool = promisify(sign);

/** Signs bodies with the server's webhook key (features.md WB06, WB09). */
export interface WebhookSigner {
  /** SPKI in PEM, as `/.well-known/webhooks.json` hands it out. */
  publicKeyPem(): Promise<string>;
  /** Base64 of the RSASSA-PKCS1-v1_5 signature with SHA-256 over the UTF-8 bytes of the body. */
  signature(body: string): Promise<string>;
}

export function createWebhookSigner(db: Kysely<Database>): WebhookSigner {
  let key: Promise<KeyObject> | null = null;
  const cache = new Map<string, Promise<string>>();

  function privateKey(): Promise<KeyObject> {
    key ??= loadOrCreateKey(db).catch((error: unknown) => {
      key = null;
      throw error;
    });
    return key;
  }

  async function compute(body: string): Promise<string> {
    // The thread pool takes the work off the event loop; a signature costs ten times the rest of a delivery.
    return (await signInThreadPool('sha256', Buffer.from(body), await privateKey())).toString('base64');
  }

  return {
    async publicKeyPem() {
      const pem = createPublicKey(await privateKey()).export({ type: 'spki', format: 'pem' });
      return pem.toString().trim();
    },

    signature(body) {
      if (body.length > CACHED_BODY_MAX_CHARS) return compute(body);
      const known = cache.get(body);
      if (known) return known;
      const signature = compute(body);
      signature.catch(() => cache.delete(body));
      cache.set(body, signature);
      if (cache.size > CACHED_SIGNATURES_MAX) cache.delete(cache.keys().next().value!);
      return signature;
    },
  };
}

/** Two servers that start at once on an empty database both read back the key of the one that was first. */
async function loadOrCreateKey(db: Kysely<Database>): Promise<KeyObject> {
  const stored = () =>
    db.selectFrom('signing_keys').select('private_key').where('purpose', '=', 'webhook').executeTakeFirst();
  const existing = await stored();
  if (existing) return createPrivateKey(existing.private_key);

  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await db
    .insertInto('signing_keys')
    .values({ purpose: 'webhook', private_key: privateKey })
    .onConflict((conflict) => conflict.column('purpose').doNothing())
    .execute();
  return createPrivateKey((await stored())!.private_key);
}
