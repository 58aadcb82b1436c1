import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** False on a machine without Chromium, where the browser tests are skipped. */
export const chromiumIsInstalled = existsSync(EXECUTABLE);

export interface ChromiumOptions {
  /** Stands for an installed certificate authority of the server. */
  trustCertificates?: boolean;
  /** Where Chromium writes down everything that its network stack does; complete after `close()`. */
  netLogPath?: string;
}

/**
 * Chromium with a moving test picture as its camera, beeps as its microphone, its own screen as the answer to
 * every screen-share dialog, and no traffic of its own.
 */
export function launchChromium({
  trustCertificates = true,
  netLogPath,
}: ChromiumOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--auto-select-desktop-capture-source=Entire screen',
      '--autoplay-policy=no-user-gesture-required',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-default-apps',
      '--disable-domain-reliability',
      '--disable-sync',
      '--disable-features=MediaRouter,OptimizationHints,Translate,CertificateTransparencyComponentUpdater',
      '--metrics-recording-only',
      '--no-first-run',
      '--no-pings',
      ...(netLogPath ? [`--log-net-log=${netLogPath}`] : []),
      ...(trustCertificates ? ['--ignore-certificate-errors'] : []),
    ],
  });
}
