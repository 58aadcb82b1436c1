import { OpenAPIHono } from '@hono/zod-openapi';
import { Hono, type MiddlewareHandler } from 'hono';
import { getPath } from 'hono/utils/url';
import { ApiError } from '../http/errors.js';
import { limitBody, requireStorableJson } from '../http/json-body.js';
import { readOnlySurface } from '../http/read-only.js';
import { renderManagementError } from '../http/render-error.js';
import { activeSession } from './active-session.js';
import { analytics } from './analytics.js';
import { apps } from './apps.js';
import { authoriseBasic, authoriseBearer } from './authorise.js';
import { blocks } from './blocks.js';
import { limitRequests } from './limit-requests.js';
import { livestreams } from './livestreams.js';
import { meetings } from './meetings.js';
import { openApiDocument } from './openapi.js';
import { participants } from './participants.js';
import { presets } from './presets.js';
import { recordingDefaults } from './recording-defaults.js';
import { recordings } from './recordings.js';
import { type AppScope, type ManagementServices, resourceRouter } from './router.js';
import { sessions } from './sessions.js';
import { webhookDeliveries } from './webhook-deliveries.js';
import { webhooks } from './webhooks.js';

/** The path of the official client's default base URL; a base URL without it serves as well. */
const CLIENT_PREFIX = '/client/v4';
/** Also of malformed credentials, which are then refused and not taken for a participant's. */
const BASIC = /^basic\b/i;
const KIT = '/accounts/:account_id/realtime/kit';

/**
 * The whole management API, to be mounted at the root: `/client/v4/accounts/...` and `/accounts/...` with Bearer
 * tokens, `/v2/...` with Basic credentials, and `GET /openapi.json`. Requests to `/v2` with any other
 * credentials are the client API's and pass through. No route answers with CORS headers (features.md RE08).
 */
export function managementApi(services: ManagementServices): Hono {
  // One for both, or a token would have everything twice.
  const limit = limitRequests(services.settings);
  const kit = kitApi(services, limit);
  const alias = aliasApi(services, limit);
  let document: ReturnType<typeof openApiDocument> | undefined;

  const api = new Hono();
  for (const path of [`${CLIENT_PREFIX}/*`, '/accounts/*']) api.all(path, (c) => kit.fetch(c.req.raw, c.env));
  api.all('/v2/*', async (c, next) => {
    if (!BASIC.test(c.req.header('authorization') ?? '')) return await next();
    return await alias.fetch(c.req.raw, c.env);
  });
  const description = readOnlySurface(services.log);
  description.get('/openapi.json', (c) => {
    document ??= openApiDocument(kit);
    return c.json(document);
  });
  api.all('/openapi.json', (c) => description.fetch(c.req.raw, c.env));
  return api;
}

function kitApi(services: ManagementServices, limit: MiddlewareHandler<AppScope>) {
  const root = apiRoot(services, KIT);
  root.use('/:app_id/*', authoriseBearer(services), limit, ...bodyGuard(services));
  root.route('/', apps(services)).route('/:app_id', appResources(services));
  refuseOtherMethods(root);
  return root;
}

function aliasApi(services: ManagementServices, limit: MiddlewareHandler<AppScope>) {
  const root = apiRoot(services, '/v2');
  root.use(authoriseBasic(services), limit, ...bodyGuard(services));
  root.route('/', appResources(services));
  refuseOtherMethods(root);
  return root;
}

/** Everything that belongs to one app. */
const appResources = (services: ManagementServices) =>
  resourceRouter()
    .route('/', meetings(services))
    .route('/', participants(services))
    .route('/', blocks(services))
    .route('/', presets(services))
    .route('/', activeSession(services))
    .route('/', sessions(services))
    .route('/', recordings(services))
    .route('/', recordingDefaults(services))
    .route('/', livestreams(services))
    .route('/', analytics(services))
    .route('/', webhooks(services))
    .route('/', webhookDeliveries(services));

const bodyGuard = ({ settings }: ManagementServices): MiddlewareHandler[] => [
  limitBody(settings.maxBodyBytes),
  requireStorableJson,
];

function apiRoot({ log }: ManagementServices, base: string) {
  const root = new OpenAPIHono<AppScope>({ getPath: pathWithoutPrefix }).basePath(base);
  root.onError((error, c) => renderManagementError(error, c, log));
  root.notFound((c) =>
    renderManagementError(new ApiError(404, `No such route: ${c.req.method} ${c.req.path}`), c, log),
  );
  return root;
}

function pathWithoutPrefix(request: Request): string {
  const path = getPath(request);
  return path.startsWith(`${CLIENT_PREFIX}/`) ? path.slice(CLIENT_PREFIX.length) : path;
}

/** A known path with a method that it does not have is answered with the methods that it has. */
function refuseOtherMethods(root: OpenAPIHono<AppScope>): void {
  const methods = new Map<string, string[]>();
  for (const definition of root.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue;
    const { path, method } = definition.route;
    methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()]);
  }
  for (const [path, allowed] of methods) {
    root.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) => {
      c.header('allow', allowed.join(', '));
      throw new ApiError(405, `${c.req.method} is not allowed here; use ${allowed.join(' or ')}`);
    });
  }
}
