import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';
import '@fontsource/inter/700.css';
import './page.css';
import { usePlainPort } from '../hosts/plain-port.js';
import { baseUriOfPage } from '../hosts/sdk-hosts.js';
import { answerKitAddresses } from '../own-answers/kit-addresses.js';
import { readConfig } from './config.js';
import { showRecording } from './recording.js';
import { showWatermark } from './watermark.js';

/**
 * The recording app that is used where a recording names none of its own: `/record?authToken=...&config=...`, opened
 * by the recorder (features.md RC34, RC35).
 */
async function start(): Promise<void> {
  const query = new URLSearchParams(window.location.search);
  const { watermark } = readConfig(query.get('config'));
  usePlainPort(window);
  answerKitAddresses(window);
  if (watermark) void showWatermark(document, watermark);
  await showRecording(query.get('authToken') ?? '', baseUriOfPage(window.location));
}

await start();
