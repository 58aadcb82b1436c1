import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { type Context, Hono } from 'hono';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';
import { ApiError, RateLimitedError } from '../http/errors.js';
import type { SessionId } from '../ids.js';
import { chatAsCsv } from './chat-export.js';
import { bareType, type ChatFiles } from './chat-files.js';
import type { FileLinks, LinkPurpose } from './links.js';

/** What a browser may show in its place; everything else is saved, and never runs as a page of ours. */
const SHOWN_IN_PLACE = new Set(['image/gif', 'image/jpeg', 'image/png', 'image/webp']);
const TYPE_OF_THE_REST = 'application/octet-stream';
/** Each holds one batch of messages in memory, however slowly it is read. */
const EXPORTS_AT_ONCE_MAX = 16;
/** A reader that takes longer would keep the others out. */
const EXPORT_MAX_MS = 10 * 60_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface FileRoutesOptions {
  db: Kysely<Database>;
  clock: Clock;
  links: FileLinks;
  chatFiles: ChatFiles;
}

/** Where the signed links lead: no token is asked for, the link is the permission (rest-api.md 3.5). */
export function fileRoutes({ db, clock, links, chatFiles }: FileRoutesOptions): Hono {
  const app = new Hono();
  let exportsUnderWay = 0;
  const open = (c: Context, purpose: LinkPurpose): string => {
    const id = c.req.param('id') ?? '';
    links.require(purpose, id, c.req.query(), clock.now());
    if (!UUID.test(id)) throw ApiError.notFound('file', id);
    return id;
  };

  app.put('/v2/files/upload/:id', async (c) => {
    const id = open(c, 'upload');
    const length = c.req.header('content-length');
    try {
      await chatFiles.store(
        id,
        c.req.header('content-type') || TYPE_OF_THE_REST,
        length === undefined ? undefined : Number(length),
        c.req.raw.body as NodeReadableStream<Uint8Array> | null,
      );
    } catch (error) {
      // What was not read of the body would be taken for the next request.
      c.header('connection', 'close');
      throw error;
    }
    return c.json({ success: true });
  });

  app.get('/v2/files/chat-file/:id', async (c) => {
    const file = await chatFiles.find(open(c, 'chat-file'));
    const range = rangeOf(c.req.header('range'), file.size);
    const declared = bareType(file.content_type ?? '');
    const isShown = SHOWN_IN_PLACE.has(declared);
    const headers: Record<string, string> = {
      ...DOWNLOAD_HEADERS,
      'accept-ranges': 'bytes',
      'content-type': isShown ? declared : TYPE_OF_THE_REST,
      'content-disposition': disposition(isShown ? 'inline' : 'attachment', file.name),
    };
    if (range === 'unsatisfiable') {
      return c.body(null, 416, { ...headers, 'content-range': `bytes */${file.size}` });
    }
    const { first, last } = range ?? { first: 0, last: file.size - 1 };
    headers['content-length'] = String(last - first + 1);
    if (range) headers['content-range'] = `bytes ${first}-${last}/${file.size}`;
    const status = range ? 206 : 200;
    if (file.size === 0 || c.req.method === 'HEAD') return c.body(null, status, headers);
    const bytes = Readable.toWeb(chatFiles.read(file.id, first, last));
    return c.body(bytes as ReadableStream, status, headers);
  });

  app.get('/v2/files/chat-export/:id', (c) => {
    const id = open(c, 'chat-export') as SessionId;
    const headers = {
      ...DOWNLOAD_HEADERS,
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': disposition('attachment', `chat-${id}.csv`),
      'cache-control': 'no-store',
    };
    if (c.req.method === 'HEAD') return c.body(null, 200, headers);
    if (exportsUnderWay >= EXPORTS_AT_ONCE_MAX) throw new RateLimitedError('Too many exports at once', 1_000);
    exportsUnderWay += 1;
    const lines = Readable.from(chatAsCsv(db, id)).map((part: string) => Buffer.from(part));
    const cutOff = setTimeout(() => lines.destroy(), EXPORT_MAX_MS);
    lines.once('close', () => {
      clearTimeout(cutOff);
      exportsUnderWay -= 1;
    });
    return c.body(Readable.toWeb(lines) as ReadableStream, 200, headers);
  });
  return app;
}

/** Nothing that people send is ever a page or a script of this origin, whatever it says it is. */
export const DOWNLOAD_HEADERS: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin',
  'access-control-expose-headers': 'content-disposition, content-length, content-range',
  'cache-control': 'private, max-age=3600',
  'referrer-policy': 'no-referrer',
};

/** RFC 6266: a plain name for old clients, and the real one. */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const exact = encodeURIComponent(name).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
  return `${kind}; filename="${plain}"; filename*=UTF-8''${exact}`;
}

/** One range of bytes; null means the whole, as for several ranges, which a server may leave aside (RFC 9110, 14.2). */
export function rangeOf(
  header: string | undefined,
  size: number,
): { first: number; last: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [from, to] = [match[1]!, match[2]!];
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first > last ? 'unsatisfiable' : { first, last };
}
