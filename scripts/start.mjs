/** `npm start`: runs the built server in the foreground. */
import { existsSync } from 'node:fs';

const main = new URL('../packages/server/dist/main.js', import.meta.url);
if (!existsSync(main)) {
  console.error('parley: the server is not built yet: npm run up');
  process.exit(1);
}
process.argv.splice(2, 0, 'start');
await import(main);
