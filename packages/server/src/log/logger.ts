import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from '../config/settings.js';

const STANDARD_ERROR = 2;

/** Never written, wherever a log line's object holds them one or two levels deep. */
const SECRETS = ['authorization', 'authToken', 'token', 'password', 'secret', 'credential', 'icePwd'];

/**
 * JSON lines on the standard error output. Written at once: the last lines before a crash are the ones that
 * matter, and nothing is logged per request or per frame at the usual level.
 */
export function createLogger(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: SECRETS.flatMap((name) => [name, `*.${name}`]),
    },
    destination({ dest: STANDARD_ERROR, sync: true }),
  );
}
