/** `npm run up`: installs and builds what is missing or out of date, then runs the server in the foreground. */
import { install } from './install.mjs';
import { mustRun } from './run.mjs';

install();
mustRun('npm', ['run', '--silent', 'build']);
process.argv.splice(2, 0, 'start');
await import('../packages/server/dist/main.js');
