import { joinChime, messageChime, speakerTestTune } from './chimes.js';
import { emojiIndex } from './emojis.js';
import { permissionPicture } from './permission-pictures.js';
import { segmentationModel, segmentationRuntime } from './segmentation.js';
import { softBackground } from './soft-background.js';

const ASSETS = 'https://rtk-assets.realtime.cloudflare.com';
const UPLOADS = 'https://rtk-uploads.realtime.cloudflare.com';
const VIRTUAL_BACKGROUND = 'https://assets.dyte.io/virtual-bg';
const MODELS = 'https://dyte-plugins.s3.ap-south-1.amazonaws.com/tf-assets/models';

/** What the kit and its add-ons fetch from hosts of their vendor. */
const ANSWERS: Record<string, () => Promise<Response>> = {
  [`${ASSETS}/assets/emojis-data.json`]: async () => Response.json(await emojiIndex()),
  [`${ASSETS}/ui-kit/permissions/Chrome1.svg`]: async () => new Response(permissionPicture('blocked')),
  [`${ASSETS}/ui-kit/permissions/Chrome2.svg`]: async () => new Response(permissionPicture('allow')),
  [`${ASSETS}/ui-kit/permissions/Chrome3.svg`]: async () => new Response(permissionPicture('done')),
  [`${VIRTUAL_BACKGROUND}/tflite.wasm`]: segmentationRuntime,
  [`${VIRTUAL_BACKGROUND}/tflite-simd.wasm`]: segmentationRuntime,
  [`${MODELS}/selfiesegmentation_mlkit-256x256-2021_01_19-v1215.f16.tflite`]: segmentationModel,
};

/** Sounds that the kit gives to audio elements. */
const SOUNDS: Record<string, () => Blob> = {
  [`${UPLOADS}/notification_join.mp3`]: joinChime,
  [`${UPLOADS}/notification_message.mp3`]: messageChime,
  [`${ASSETS}/ui-kit/speaker-test.mp3`]: speakerTestTune,
};

/** Pictures that its add-ons give to image elements. */
const PICTURES: Record<string, () => Blob> = {
  'https://assets.dyte.io/backgrounds/blur.jpg': softBackground,
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

  answerSources(window.HTMLMediaElement.prototype, SOUNDS);
  answerSources(window.HTMLImageElement.prototype, PICTURES);
}

/** Puts a file made in the page in the place of each of these addresses, whenever an element is given one. */
function answerSources(
  elements: HTMLMediaElement | HTMLImageElement,
  answers: Record<string, () => Blob>,
): void {
  const source = Object.getOwnPropertyDescriptor(elements, 'src')!;
  const made = new Map<string, string>();
  Object.defineProperty(elements, 'src', {
    ...source,
    set(this: HTMLElement, address: string) {
      const answer = answers[address];
      if (answer && !made.has(address)) made.set(address, URL.createObjectURL(answer()));
      source.set!.call(this, made.get(address) ?? address);
    },
  });
}
