import { type BrowserContext, chromium } from 'playwright-core';
import type { RecordOrder } from '../contract.js';
import type { Tools } from '../tools.js';

/** Where the recording SDK expects its recorder, whichever port that really has (features.md RC39). */
const SDK_SOCKET_HOST = 'localhost:8080';

/** Names the tab that is captured, until the recorded page gives it a title of its own. */
export const TARGET_TITLE = 'parley-recorded-page';

/** Nothing larger is recorded; the page gets its own size later. */
const LARGEST_SIZE = { width: 1920, height: 1920 };

/** Parts of Chromium that call its vendor, stand between a page and its own machine, or keep a process for pages that never come. */
const FEATURES_OFF = [
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'LocalNetworkAccessChecks',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'SpareRendererForSitePerProcess',
  'Translate',
];

export interface BrowserRequest {
  tools: Tools;
  profileFolder: string;
  /** Host and port of the recorder's own server. */
  socketAddress: string;
  trustedOrigins: RecordOrder['trustedOrigins'];
  trustedKeys: string[];
}

/** Headless Chromium that plays sound without being asked and lets the tab of `TARGET_TITLE` be captured. */
export function launchBrowser(request: BrowserRequest): Promise<BrowserContext> {
  return chromium.launchPersistentContext(request.profileFolder, {
    executablePath: request.tools.chromium,
    headless: true,
    viewport: LARGEST_SIZE,
    // Chromium refuses to use its sandbox as root, which is who runs in most containers.
    chromiumSandbox: process.getuid?.() !== 0,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    acceptDownloads: false,
    ignoreDefaultArgs: ['--mute-audio'],
    args: [
      // The recording SDK tells a recorder from a developer's browser by `navigator.webdriver`.
      '--enable-automation',
      `--window-size=${LARGEST_SIZE.width},${LARGEST_SIZE.height}`,
      '--autoplay-policy=no-user-gesture-required',
      `--auto-select-tab-capture-source-by-title=${TARGET_TITLE}`,
      `--host-resolver-rules=MAP ${SDK_SOCKET_HOST} ${request.socketAddress}`,
      `--unsafely-treat-insecure-origin-as-secure=${request.trustedOrigins.join(',')}`,
      `--ignore-certificate-errors-spki-list=${request.trustedKeys.join(',')}`,
      `--disable-features=${FEATURES_OFF.join(',')}`,
      '--no-pings',
    ],
  });
}
