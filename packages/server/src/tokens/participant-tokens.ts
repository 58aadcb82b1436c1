import { randomBytes, webcrypto } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';
import { ApiError } from '../http/errors.js';
import type { AppId, MeetingId, ParticipantId, PresetId } from '../ids.js';

/** The claims the SDK and integrators read (rest-api.md part 4). */
export interface ParticipantClaims {
  orgId: AppId;
  meetingId: MeetingId;
  participantId: ParticipantId;
  presetId: PresetId;
  /** Seconds since the epoch. */
  iat: number;
  /** Seconds since the epoch; 100 days after `iat` (features.md SE01). */
  exp: number;
}

export interface ParticipantTokens {
  /** A JWT whose payload part has no `-` and no `_`, because the SDK decodes it with plain base64 (S21). */
  mint(who: Omit<ParticipantClaims, 'iat' | 'exp'>): Promise<string>;
  /** Throws ApiError 401 with reason `token_invalid` or `token_expired`. */
  verify(token: string): Promise<ParticipantClaims>;
}

const ALGORITHM = 'HS256';
const KEY_BYTES = 32;
const LIFETIME_SECONDS = 100 * 24 * 60 * 60;
/** Tells tokens of one second apart, so that a refresh never answers the token that the caller has. */
const TOKEN_ID_BYTES = 8;
/** Ours have about 500 characters; nothing longer is worth a hash. */
const TOKEN_MAX_CHARS = 2048;

const claimsSchema = z.object({
  orgId: z.guid(),
  meetingId: z.guid(),
  participantId: z.guid(),
  presetId: z.guid(),
  iat: z.int(),
  exp: z.int(),
});

/** Signs and checks participant tokens with the key of this installation, which is made on first use. */
export function createParticipantTokens(db: Kysely<Database>, clock: Clock): ParticipantTokens {
  let pendingKey: Promise<webcrypto.CryptoKey> | undefined;

  /** A failed read is forgotten, so that a pause of the database does not outlive itself. */
  const key = (): Promise<webcrypto.CryptoKey> => {
    pendingKey ??= signingKey(db).catch((error: unknown) => {
      pendingKey = undefined;
      throw error;
    });
    return pendingKey;
  };

  return {
    async mint({ orgId, meetingId, participantId, presetId }) {
      const issuedAt = Math.floor(clock.now().getTime() / 1000);
      const token = await new SignJWT({ orgId, meetingId, participantId, presetId })
        // An id beside the claims, which are the live service's and no more.
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', jti: randomBytes(TOKEN_ID_BYTES).toString('hex') })
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + LIFETIME_SECONDS)
        .sign(await key());
      // Base64url needs `-` or `_` only for the characters > ? ~ and for bytes above 126, which neither ids nor
      // numbers contain. A token that breaks this rule would fail in every browser, so it must not leave here.
      if (/[-_]/.test(token.split('.')[1] ?? '')) {
        throw new Error('A participant token has claims that the SDK cannot decode.');
      }
      return token;
    },

    async verify(token) {
      if (token.length > TOKEN_MAX_CHARS) throw invalidToken();
      const secret = await key();
      try {
        const { payload } = await jwtVerify(token, secret, {
          algorithms: [ALGORITHM],
          currentDate: clock.now(),
        });
        return claimsSchema.parse(payload) as ParticipantClaims;
      } catch (error) {
        if (error instanceof errors.JWTExpired) {
          throw new ApiError(401, 'The participant token has expired', undefined, 'token_expired');
        }
        throw invalidToken();
      }
    },
  };
}

const invalidToken = () =>
  new ApiError(401, 'The participant token is not valid', undefined, 'token_invalid');

/** Several processes may start at once on an empty database: the first insert wins and all read that one. */
async function signingKey(db: Kysely<Database>): Promise<webcrypto.CryptoKey> {
  const read = () =>
    db
      .selectFrom('signing_keys')
      .select('private_key')
      .where('purpose', '=', 'participant-token')
      .executeTakeFirst();
  let row = await read();
  if (!row) {
    await db
      .insertInto('signing_keys')
      .values({ purpose: 'participant-token', private_key: randomBytes(KEY_BYTES).toString('base64url') })
      .onConflict((conflict) => conflict.column('purpose').doNothing())
      .execute();
    row = await read();
  }
  if (!row) throw new Error('The signing key of participant tokens cannot be read.');
  const secret = Buffer.from(row.private_key, 'base64url');
  return await webcrypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ]);
}
