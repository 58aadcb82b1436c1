import { createHash, randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Database } from '../database/tables.js';
import type { AppId } from '../ids.js';

/** Every RealtimeKit operation asks for at least one of these two (features.md K06). */
export const API_TOKEN_PERMISSIONS = ['Realtime', 'Realtime Admin'] as const;
type ApiTokenPermission = (typeof API_TOKEN_PERMISSIONS)[number];

/** Lets secret scanners and people recognise a token of ours. */
const PREFIX = 'parley_';
const SECRET_BYTES = 32;

export interface NewApiToken {
  accountId: string;
  name: string;
  permissions: readonly ApiTokenPermission[];
}

/** What is known of a token after its creation; the token itself is not. */
export interface ApiTokenView {
  id: string;
  accountId: string;
  name: string;
  permissions: string[];
  createdAt: Date;
  revokedAt: Date | null;
}

/** What a caller may do: everything in `accountId`, and the app that was asked for if it belongs to it. */
export interface ApiTokenGrant {
  tokenId: string;
  accountId: string;
  permissions: string[];
  /** Null when no app was asked for, or when the account has no app of that id. */
  appId: AppId | null;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest();

/** Makes a random token; the answer is the only time that it can be seen. */
export async function createApiToken(
  db: Kysely<Database>,
  { accountId, name, permissions }: NewApiToken,
): Promise<{ id: string; token: string }> {
  const id = newId();
  const token = PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
  await db
    .insertInto('api_tokens')
    .values({ id, account_id: accountId, name, token_hash: hashOf(token), permissions: [...permissions] })
    .execute();
  return { id, token };
}

/** Makes the fixed token of an automated installation valid for exactly this account, also after a revocation. */
export async function ensureApiToken(
  db: Kysely<Database>,
  { accountId, name, permissions }: NewApiToken,
  token: string,
): Promise<void> {
  const values = { account_id: accountId, name, permissions: [...permissions] };
  await db
    .insertInto('api_tokens')
    .values({ id: newId(), token_hash: hashOf(token), ...values })
    .onConflict((conflict) => conflict.column('token_hash').doUpdateSet({ ...values, revoked_at: null }))
    .execute();
}

/** All tokens, the newest first; of one account if it is given. */
export async function listApiTokens(db: Kysely<Database>, accountId?: string): Promise<ApiTokenView[]> {
  return await db
    .selectFrom('api_tokens')
    .select([
      'id',
      'account_id as accountId',
      'name',
      'permissions',
      'created_at as createdAt',
      'revoked_at as revokedAt',
    ])
    .$if(accountId !== undefined, (query) => query.where('account_id', '=', accountId ?? ''))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
}

/** Takes effect with the next request. False when there is no such token or it was revoked before. */
export async function revokeApiToken(db: Kysely<Database>, id: string, now: Date): Promise<boolean> {
  const result = await db
    .updateTable('api_tokens')
    .set({ revoked_at: now })
    .where(sql<string>`id::text`, '=', id.toLowerCase())
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/**
 * Checks a token in one round trip, together with the app that the request names. Undefined means that the token
 * is unknown or revoked. The look-up is by hash, so its timing tells nothing about stored tokens.
 */
export async function verifyApiToken(
  db: Kysely<Database>,
  token: string,
  appId: string | null,
): Promise<ApiTokenGrant | undefined> {
  return await db
    .selectFrom('api_tokens as token')
    .leftJoin('apps as app', (join) =>
      join.onRef('app.account_id', '=', 'token.account_id').on('app.id', '=', appId as AppId),
    )
    .select(['token.id as tokenId', 'token.account_id as accountId', 'token.permissions', 'app.id as appId'])
    .where('token.token_hash', '=', hashOf(token))
    .where('token.revoked_at', 'is', null)
    .executeTakeFirst();
}
