import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const require = createRequire(import.meta.url);
const kitDir = join(dirname(require.resolve('@cloudflare/realtimekit-ui/loader')), '..', 'dist', 'esm');

/** Hosts that the kit could contact or link to; documentation and specifications in comments are not among them. */
const VENDOR_ADDRESS =
  /https:\/\/(?:[a-z0-9-]+\.)*(?:realtime\.cloudflare\.com|dyte\.io|dyte\.in|googleapis\.com|gstatic\.com|amazonaws\.com)[^\s"'`)<>]*/g;

it('the kit has no address of a vendor but those that README.md lists', () => {
  const found = new Set(
    readdirSync(kitDir)
      .filter((name) => name.endsWith('.js'))
      .flatMap((name) => readFileSync(join(kitDir, name), 'utf8').match(VENDOR_ADDRESS) ?? []),
  );
  expect([...found].sort()).toEqual([
    'https://fonts.googleapis.com',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the kit's own source text.
    'https://fonts.googleapis.com/css2?family=${fontFamily}:wght@${weights.join(',
    'https://fonts.gstatic.com',
    'https://realtime.cloudflare.com',
    'https://rtk-assets.realtime.cloudflare.com/assets/emojis-data.json',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the kit's own source text.
    'https://rtk-assets.realtime.cloudflare.com/ui-kit/permissions/${stepURL}',
    'https://rtk-assets.realtime.cloudflare.com/ui-kit/speaker-test.mp3',
    'https://rtk-uploads.realtime.cloudflare.com/notification_join.mp3',
    'https://rtk-uploads.realtime.cloudflare.com/notification_message.mp3',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the kit's own source text.
    'https://test.realtime.cloudflare.com?authToken=${this.meeting.__internals__.authToken}',
  ]);
});
