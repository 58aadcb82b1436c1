import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const require = createRequire(import.meta.url);
const addOnsDir = dirname(require.resolve('@cloudflare/realtimekit-ui-addons/video-background'));
const kitDir = join(dirname(require.resolve('@cloudflare/realtimekit-ui/loader')), '..', 'dist', 'esm');

/** Hosts that the kit could contact or link to; documentation and specifications in comments are not among them. */
const VENDOR_ADDRESS =
  /https:\/\/(?:[a-z0-9-]+\.)*(?:realtime\.cloudflare\.com|dyte\.io|dyte\.in|googleapis\.com|gstatic\.com|amazonaws\.com)[^\s"'`)<>]*/g;

const addressesIn = (dir: string) => {
  const texts = readdirSync(dir)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(dir, name), 'utf8'));
  return [...new Set(texts.flatMap((text) => text.match(VENDOR_ADDRESS) ?? []))].sort();
};

it('the kit has no address of a vendor but those that README.md lists', () => {
  expect(addressesIn(kitDir)).toEqual([
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

it('neither have its add-ons', () => {
  expect(addressesIn(addOnsDir)).toEqual([
    'https://assets.dyte.io/backgrounds/blur.jpg',
    'https://assets.dyte.io/virtual-bg/',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the add-on's own source text.
    'https://dyte-plugins.s3.ap-south-1.amazonaws.com/tf-assets/models/${m}.tflite',
    ...[1, 2, 3, 4, 5, 6, 7].map(
      (number) => `https://rtk-assets.realtime.cloudflare.com/backgrounds/bg_${number}.jpg`,
    ),
  ]);
});
