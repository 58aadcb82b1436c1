import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';
import '@fontsource/inter/700.css';
import './page.css';
import { defineCustomElements } from '@cloudflare/realtimekit-ui/loader';
import { usePlainPort } from '../hosts/plain-port.js';
import { baseUriOfPage } from '../hosts/sdk-hosts.js';
import { answerKitAddresses } from '../own-answers/kit-addresses.js';
import { readConfig } from './config.js';
import { showRecording } from './recording.js';
import { showWatermark } from './watermark.js';

/**
 * The recording app that is used where a recording names none of its own: `/record#authToken=...&config=...`, opened by the
 * recorder (features.md RC34, RC35). Without a token it waits for one, so that a recorder can have it loaded before
 * there is something to record.
 */
async function start(): Promise<void> {
  usePlainPort(window);
  answerKitAddresses(window);
  defineCustomElements(window);
  const parameters = await parametersOf(window);
  const { watermark } = readConfig(parameters.get('config'));
  if (watermark) void showWatermark(document, watermark);
  await showRecording(parameters.get('authToken')!, baseUriOfPage(window.location));
}

function parametersOf(window: Window): Promise<URLSearchParams> {
  return new Promise((resolve) => {
    const look = () => {
      const parameters = new URLSearchParams(window.location.hash.slice(1));
      if (parameters.get('authToken')) resolve(parameters);
    };
    window.addEventListener('hashchange', look);
    look();
  });
}

await start();
