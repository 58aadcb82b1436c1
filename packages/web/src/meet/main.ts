import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';
import '@fontsource/inter/700.css';
import './page.css';
import { usePlainPort } from '../hosts/plain-port.js';
import { baseUriOfPage } from '../hosts/sdk-hosts.js';
import { answerKitAddresses } from '../own-answers/kit-addresses.js';
import { keepTokenHome } from './keep-token-home.js';
import { showNotice } from './notice.js';

/** The meeting page: `/meet?authToken=<participant token>`. */
async function start(): Promise<void> {
  const authToken = new URLSearchParams(window.location.search).get('authToken');
  if (!authToken) {
    return showNotice('This link has no participant token.', 'Open the whole link that you were given.');
  }
  if (!window.isSecureContext) {
    return showNotice(
      'Browsers give camera and microphone to secure pages only.',
      'Open this meeting over https, or on this computer as http://localhost.',
    );
  }
  usePlainPort(window);
  answerKitAddresses(window);
  keepTokenHome(document);
  const { openMeeting } = await import('./meeting.js');
  await openMeeting(authToken, baseUriOfPage(window.location));
}

await start();
