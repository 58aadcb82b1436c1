import type { Context, MiddlewareHandler } from 'hono';
import { type Credentials, parseAuthorization } from '../http/authorization.js';
import { ApiError, GatewayError } from '../http/errors.js';
import { API_TOKEN_PERMISSIONS, type ApiTokenGrant, verifyApiToken } from '../tokens/api-tokens.js';
import type { AppScope, ManagementServices } from './router.js';
import { isUuid } from './schemas/ids.js';

/** The documentation says 32, real ids have 36 (features.md K07, K08, CF21). */
const PATH_ID_MAX_CHARS = 64;

/** Stands in the place of the app id in `.../kit/apps` (rest-api.md 0.1). */
const APPS = 'apps';

/**
 * Lets a request to `/accounts/{account_id}/realtime/kit/{app_id}/...` through when its Bearer token may act on
 * that account (K05, K06). What belongs to another account does not exist for the caller.
 */
export function authoriseBearer({ db }: ManagementServices): MiddlewareHandler<AppScope> {
  return async (c, next) => {
    const credentials = credentialsOf(c);
    if (credentials.scheme !== 'bearer') throw unauthenticated();
    const accountId = c.req.param('account_id') ?? '';
    const appId = c.req.param('app_id') ?? '';
    const grant = await verifyApiToken(db, credentials.token, isUuid(appId) ? appId : null);
    if (!grant) throw unauthenticated();
    requireLength('account_id', accountId);
    requireLength('app_id', appId);
    if (grant.accountId !== accountId) throw ApiError.notFound('account', accountId);
    requirePermission(grant);
    if (appId !== APPS) enterApp(c, grant, appId);
    c.set('accountId', accountId);
    c.set('tokenId', grant.tokenId);
    await next();
  };
}

/** The older `/v2` paths name the app in the credentials: `Basic base64(appId:apiKey)` (rest-api.md 0.1). */
export function authoriseBasic({ db }: ManagementServices): MiddlewareHandler<AppScope> {
  return async (c, next) => {
    const credentials = credentialsOf(c);
    if (credentials.scheme !== 'basic' || !isUuid(credentials.user)) throw unauthenticated();
    const grant = await verifyApiToken(db, credentials.password, credentials.user);
    if (!grant?.appId) throw unauthenticated();
    requirePermission(grant);
    enterApp(c, grant, credentials.user);
    c.set('accountId', grant.accountId);
    c.set('tokenId', grant.tokenId);
    await next();
  };
}

const credentialsOf = (c: Context): Credentials => parseAuthorization(c.req.header('authorization'));

const unauthenticated = () => new GatewayError(401, 'Authentication error');

function requireLength(field: string, id: string): void {
  if (id.length > PATH_ID_MAX_CHARS) {
    throw ApiError.badRequest(
      field,
      `length must be less than or equal to ${PATH_ID_MAX_CHARS} characters long`,
    );
  }
}

function requirePermission({ permissions }: ApiTokenGrant): void {
  if (!API_TOKEN_PERMISSIONS.some((permission) => permissions.includes(permission))) {
    throw new GatewayError(403, `The token needs the permission ${API_TOKEN_PERMISSIONS.join(' or ')}`);
  }
}

function enterApp(c: Context<AppScope>, { appId }: ApiTokenGrant, asked: string): void {
  if (!appId) throw ApiError.notFound('app', asked);
  c.set('appId', appId);
}
