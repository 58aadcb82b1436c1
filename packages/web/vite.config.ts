import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/**
 * Every file but the page itself carries the hash of its content in its name, so that the server may let
 * browsers keep it for ever; the page names them, and is asked for anew each time.
 */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Inlined files would be `data:` addresses, which the content security policy does not allow for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The kit and the SDK are two large packages of others; nothing is gained by splitting them further.
    chunkSizeWarningLimit: 2_500,
    rolldownOptions: {
      input: ['meet.html', 'record.html'].map((page) => fileURLToPath(new URL(page, import.meta.url))),
    },
  },
});
