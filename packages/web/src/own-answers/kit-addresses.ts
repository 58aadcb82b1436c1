import { joinChime, messageChime, speakerTestTune } from './chimes.js';
import { emojiIndex } from './emojis.js';
import { permissionPicture } from './permission-pictures.js';

const ASSETS = 'https://rtk-assets.realtime.cloudflare.com';
const UPLOADS = 'https://rtk-uploads.realtime.cloudflare.com';

/** Texts that the kit fetches from its vendor's host. */
const ANSWERS: Record<string, () => Promise<Response>> = {
  [`${ASSETS}/assets/emojis-data.json`]: async () => Response.json(await emojiIndex()),
  [`${ASSETS}/ui-kit/permissions/Chrome1.svg`]: async () => new Response(permissionPicture('blocked')),
  [`${ASSETS}/ui-kit/permissions/Chrome2.svg`]: async () => new Response(permissionPicture('allow')),
  [`${ASSETS}/ui-kit/permissions/Chrome3.svg`]: async () => new Response(permissionPicture('done')),
};

/** Sounds that the kit gives to audio elements. */
const SOUNDS: Record<string, () => Blob> = {
  [`${UPLOADS}/notification_join.mp3`]: joinChime,
  [`${UPLOADS}/notification_message.mp3`]: messageChime,
  [`${ASSETS}/ui-kit/speaker-test.mp3`]: speakerTestTune,
};

/**
 * The kit has a few addresses of its vendor written into it, with no setting to move them. The content
 * security policy of the page lets no request leave for them; here they get answers that Parley made itself.
 * `packages/web/README.md` lists all of them and what is left without an answer.
 */
export function answerKitAddresses(window: Window & typeof globalThis): void {
  const browserFetch = window.fetch.bind(window);
  window.fetch = (input, init) => {
    const answer = typeof input === 'string' ? ANSWERS[input] : undefined;
    return answer ? answer() : browserFetch(input, init);
  };

  const source = Object.getOwnPropertyDescriptor(window.HTMLMediaElement.prototype, 'src')!;
  const soundAddresses = new Map<string, string>();
  Object.defineProperty(window.HTMLMediaElement.prototype, 'src', {
    ...source,
    set(this: HTMLMediaElement, address: string) {
      const sound = SOUNDS[address];
      if (sound && !soundAddresses.has(address)) soundAddresses.set(address, URL.createObjectURL(sound()));
      source.set!.call(this, soundAddresses.get(address) ?? address);
    },
  });
}
