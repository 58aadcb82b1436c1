/** Writes the pages that are made from the code; `npm run docs`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { configurationPage } from '../packages/server/dist/config/manual.js';

const docs = new URL('../docs/', import.meta.url);
mkdirSync(docs, { recursive: true });
writeFileSync(new URL('configuration.md', docs), configurationPage());
