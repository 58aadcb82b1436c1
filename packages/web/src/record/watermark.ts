import type { Watermark } from './config.js';

/**
 * Puts the image over the picture. It has to be an image itself: an address that redirects, or that does not let
 * other sites read it, shows nothing, and the recording goes on without it (features.md RC24).
 */
export async function showWatermark(document: Document, { url, position, size }: Watermark): Promise<void> {
  try {
    const response = await fetch(url, {
      redirect: 'error',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const image = document.createElement('img');
    image.src = URL.createObjectURL(await response.blob());
    image.className = `watermark ${position}`;
    if (size.width) image.width = size.width;
    if (size.height) image.height = size.height;
    document.body.append(image);
  } catch (failure) {
    console.error('The watermark cannot be shown.', failure);
  }
}
