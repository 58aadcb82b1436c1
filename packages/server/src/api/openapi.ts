import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AppScope } from './router.js';
import { errorBody } from './schemas/envelope.js';

type Document = ReturnType<OpenAPIHono<AppScope>['getOpenAPI31Document']>;

/** Describes what `kit` serves, from the very routes and schemas that serve it. */
export function openApiDocument(kit: OpenAPIHono<AppScope>): Document {
  kit.openAPIRegistry.registerComponent('securitySchemes', 'apiToken', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API token with the permission Realtime or Realtime Admin.',
  });
  kit.openAPIRegistry.register('Error', errorBody);
  const document = kit.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Parley management API',
      version: '1',
      description: 'Wire-compatible with the REST API of Cloudflare RealtimeKit.',
    },
    servers: [{ url: '/client/v4' }, { url: '/' }],
    security: [{ apiToken: [] }],
  });
  return { ...document, paths: completed(document) };
}

/** Account and app are read before the routes, whose schemas do not know them. */
const SCOPE_PARAMETER = /\{(account_id|app_id)\}/g;

function completed({ paths = {} }: Document): Document['paths'] {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => {
      const parameters = [...path.matchAll(SCOPE_PARAMETER)].map(([, name]) => ({
        name: name!,
        in: 'path' as const,
        required: true,
        schema: { type: 'string' as const, maxLength: 64 },
      }));
      return [path, { ...item, parameters, ...withErrorAnswers(item) }];
    }),
  );
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Every operation can be refused in the same form. */
function withErrorAnswers(item: NonNullable<Document['paths']>[string]) {
  const refusal = {
    description: 'The request was refused.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  };
  return Object.fromEntries(
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation
        ? [[method, { ...operation, responses: { ...operation.responses, default: refusal } }]]
        : [];
    }),
  );
}
