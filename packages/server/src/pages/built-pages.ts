import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface BuiltFile {
  body: Uint8Array<ArrayBuffer>;
  /** Undefined where compression gains nothing, as with fonts. Made when first asked for, then kept. */
  gzipped(): Uint8Array<ArrayBuffer> | undefined;
  type: string;
  /** A quoted hash of the body. */
  etag: string;
}

/** What `npm run build -w @parley/web` made. */
export interface BuiltPages {
  meet: BuiltFile;
  record: BuiltFile;
  /** By file name; every name holds the hash of its content. */
  assets: ReadonlyMap<string, BuiltFile>;
}

const TYPES: Record<string, { type: string; compressible: boolean }> = {
  '.html': { type: 'text/html; charset=utf-8', compressible: true },
  '.js': { type: 'text/javascript; charset=utf-8', compressible: true },
  '.css': { type: 'text/css; charset=utf-8', compressible: true },
  '.svg': { type: 'image/svg+xml', compressible: true },
  '.wasm': { type: 'application/wasm', compressible: false },
  '.tflite': { type: 'application/octet-stream', compressible: false },
  '.woff2': { type: 'font/woff2', compressible: false },
  '.woff': { type: 'font/woff', compressible: false },
};

/** Null when the pages were not built; the rest of the server works without them. */
export function readBuiltPages(dir: string): BuiltPages | null {
  try {
    const assetsDir = join(dir, 'assets');
    const names = readdirSync(assetsDir).filter((name) => TYPES[extname(name)]);
    return {
      meet: readBuiltFile(join(dir, 'meet.html')),
      record: readBuiltFile(join(dir, 'record.html')),
      assets: new Map(names.map((name) => [name, readBuiltFile(join(assetsDir, name))])),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function readBuiltFile(path: string): BuiltFile {
  const body = new Uint8Array(readFileSync(path));
  const { type, compressible } = TYPES[extname(path)]!;
  let gzipped: Uint8Array<ArrayBuffer> | undefined;
  return {
    body,
    gzipped() {
      if (compressible) gzipped ??= new Uint8Array(gzipSync(body));
      return gzipped;
    },
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  };
}
