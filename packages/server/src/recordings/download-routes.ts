import { Readable } from 'node:stream';
import { Hono } from 'hono';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';
import { DOWNLOAD_HEADERS, disposition, rangeOf } from '../files/file-routes.js';
import type { FileLinks } from '../files/links.js';
import { ApiError } from '../http/errors.js';
import type { RecordingDisk } from './disk.js';

const TYPES: Record<string, string> = {
  mp4: 'video/mp4',
  webm: 'video/webm',
  mkv: 'video/x-matroska',
  m4a: 'audio/mp4',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  tar: 'application/x-tar',
};

export interface DownloadRoutesOptions {
  db: Kysely<Database>;
  clock: Clock;
  links: FileLinks;
  disk: RecordingDisk;
}

/** Where the signed links of recordings lead, with ranges so that players can seek (features.md RC26). */
export function downloadRoutes({ db, clock, links, disk }: DownloadRoutesOptions): Hono {
  const app = new Hono();
  app.get('/v2/files/recording/:id', async (c) => {
    const id = c.req.param('id');
    links.require('recording', id, c.req.query(), clock.now());
    const file = await db
      .selectFrom('recording_files')
      .select(['recording_id', 'name', 'kind'])
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    const size = file ? await disk.bytesOf(file.recording_id, file.name) : null;
    if (!file || size === null) throw ApiError.notFound('file', id);
    const headers: Record<string, string> = {
      ...DOWNLOAD_HEADERS,
      'accept-ranges': 'bytes',
      'content-type': contentTypeOf(file.name),
      'content-disposition': disposition('attachment', file.name),
    };
    const range = rangeOf(c.req.header('range'), size);
    if (range === 'unsatisfiable')
      return c.body(null, 416, { ...headers, 'content-range': `bytes */${size}` });
    const { first, last } = range ?? { first: 0, last: size - 1 };
    headers['content-length'] = String(last - first + 1);
    if (range) headers['content-range'] = `bytes ${first}-${last}/${size}`;
    const status = range ? 206 : 200;
    if (size === 0 || c.req.method === 'HEAD') return c.body(null, status, headers);
    const bytes = Readable.toWeb(disk.read(file.recording_id, file.name, first, last));
    return c.body(bytes as ReadableStream, status, headers);
  });
  return app;
}

export const contentTypeOf = (name: string): string =>
  TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
