import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import { ApiError } from '../http/errors.js';

const KEY_BYTES = 32;

/** What a link opens: a chat file for one upload or for reading, the chat export of a session, a file of a recording. */
export type LinkPurpose = 'upload' | 'chat-file' | 'chat-export' | 'recording';

export interface FileLink {
  url: string;
  expiresAt: Date;
}

/**
 * Links that are their own permission (features.md H13, H17): `/v2/files/<purpose>/<id>` with the time of their end
 * and a signature over both. No header is needed, since pictures and downloads are fetched without any.
 */
export class FileLinks {
  constructor(private readonly key: Buffer) {}

  /** `origin` without a slash at the end. */
  make(origin: string, purpose: LinkPurpose, id: string, expiresAt: Date): FileLink {
    const expires = Math.floor(expiresAt.getTime() / 1000);
    const query = `expires=${expires}&signature=${this.#sign(purpose, id, expires)}`;
    return { url: `${origin}/v2/files/${purpose}/${id}?${query}`, expiresAt: new Date(expires * 1000) };
  }

  /** Throws 403 with reason `link_invalid` or `link_expired`. */
  require(
    purpose: LinkPurpose,
    id: string,
    query: { expires?: string; signature?: string },
    now: Date,
  ): void {
    const expires = /^\d{1,12}$/.test(query.expires ?? '') ? Number(query.expires) : 0;
    const expected = Buffer.from(this.#sign(purpose, id, expires));
    const given = Buffer.from(query.signature ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new ApiError(403, 'The link is not valid', undefined, 'link_invalid');
    }
    if (expires * 1000 <= now.getTime()) {
      throw new ApiError(403, 'The link has expired', undefined, 'link_expired');
    }
  }

  #sign(purpose: LinkPurpose, id: string, expires: number): string {
    return createHmac('sha256', this.key).update(`${purpose}\n${id}\n${expires}`).digest('base64url');
  }
}

/** With the key of this installation, which is made on first use; the first of several processes wins. */
export async function loadFileLinks(db: Kysely<Database>): Promise<FileLinks> {
  await db
    .insertInto('signing_keys')
    .values({ purpose: 'file-link', private_key: randomBytes(KEY_BYTES).toString('base64url') })
    .onConflict((conflict) => conflict.column('purpose').doNothing())
    .execute();
  const row = await db
    .selectFrom('signing_keys')
    .select('private_key')
    .where('purpose', '=', 'file-link')
    .executeTakeFirstOrThrow();
  return new FileLinks(Buffer.from(row.private_key, 'base64url'));
}

/**
 * Where the links of an answer point to: where the question came to, so that whoever could ask can load them. A
 * proxy that ends TLS says so in `x-forwarded-proto`; the SDK's own host is never reached without TLS.
 */
export function originOf(requestUrl: string, forwardedProto: string | undefined, baseDomain: string): string {
  const { protocol, host } = new URL(requestUrl);
  if (host === `api.${baseDomain}` || forwardedProto === 'https') return `https://${host}`;
  return `${protocol}//${host}`;
}
