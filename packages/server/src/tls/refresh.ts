import type { Logger } from 'pino';
import type { TlsIdentity } from './identity.js';

const CHECK_MS = 3_600_000;

/**
 * Looks every hour whether the certificate has changed, by renewal of ours or because its files were replaced, and
 * hands over the new one. A file that cannot be read leaves the old one in use. Returns the function that ends it.
 */
export function refreshTls(
  current: TlsIdentity,
  load: () => Promise<TlsIdentity>,
  use: (identity: TlsIdentity) => void,
  log: Logger,
): () => void {
  let known = current;
  const timer = setInterval(async () => {
    try {
      const loaded = await load();
      if (loaded.cert === known.cert && loaded.key === known.key) return;
      use(loaded);
      known = loaded;
      log.info('The TLS certificate was renewed');
    } catch (error) {
      log.error({ error }, 'The TLS certificate could not be read again; the old one stays in use');
    }
  }, CHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
