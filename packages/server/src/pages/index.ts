import { fileURLToPath } from 'node:url';
import type { Hono } from 'hono';
import { readOnlySurface } from '../http/read-only.js';
import type { Services } from '../services.js';
import { type BuiltFile, readBuiltPages } from './built-pages.js';
import { demoLink } from './demo-link.js';
import { pageHeaders, recordPageHeaders } from './page-headers.js';

const BUILT_PAGES_DIR = fileURLToPath(new URL('../../../web/dist/', import.meta.url));
const ONE_YEAR_S = 31_536_000;

const NOT_BUILT = 'The pages are not built: npm run build -w @parley/web\n';

/**
 * The meeting page, the recorder's page and their files: `GET /meet`, `GET /record`, `GET /assets/*` and, on a
 * local server only, `GET /meet/<meeting id>/demo`. Mount it on both ports at the root, behind nothing that rewrites paths.
 */
export function pages(
  services: Pick<Services, 'settings' | 'db' | 'clock' | 'log' | 'participantTokens'>,
  builtPagesDir = BUILT_PAGES_DIR,
): Hono {
  const built = readBuiltPages(builtPagesDir);
  const routes = readOnlySurface(services.log);

  for (const [name, headersOf] of [
    ['meet', pageHeaders],
    ['record', recordPageHeaders],
  ] as const) {
    routes.get(`/${name}`, (context) => {
      const headers = headersOf(context.req.header('host'), services.settings.baseDomain);
      if (!built) return context.text(NOT_BUILT, 503, headers);
      return answer(context.req.raw, built[name], { ...headers, 'cache-control': 'no-cache' });
    });
  }

  routes.get('/assets/:name', (context) => {
    const file = built?.assets.get(context.req.param('name'));
    if (!file) return context.notFound();
    return answer(context.req.raw, file, {
      'cache-control': `public, max-age=${ONE_YEAR_S}, immutable`,
      'x-content-type-options': 'nosniff',
    });
  });

  routes.get('/meet/:meetingId/demo', demoLink(services));

  return routes;
}

/** The page holds files of a fixed, small set in memory, so no request can name any other file. */
function answer(request: Request, file: BuiltFile, headers: Record<string, string>): Response {
  const common = { ...headers, etag: file.etag, vary: 'accept-encoding' };
  if (request.headers.get('if-none-match') === file.etag) {
    return new Response(null, { status: 304, headers: common });
  }
  const gzipped = request.headers.get('accept-encoding')?.includes('gzip') ? file.gzipped() : undefined;
  return new Response(gzipped ?? file.body, {
    headers: { ...common, 'content-type': file.type, ...(gzipped && { 'content-encoding': 'gzip' }) },
  });
}
