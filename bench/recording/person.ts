import { chromium } from 'playwright-core';
import type { Parley } from '../support/parley.js';

/** Somebody in a meeting whose camera and microphone are Chromium's fake ones. */
export interface Person {
  leave(): Promise<void>;
}

/** Enters a meeting by the meeting page, as a person does. `chromiumPath` is the program. */
export async function enter(
  parley: Parley,
  chromiumPath: string,
  meetingId: string,
  name: string,
): Promise<Person> {
  const { token } = await parley.call<{ token: string }>(
    'POST',
    `/${parley.appId}/meetings/${meetingId}/participants`,
    { name, preset_name: 'group_call_host', custom_participant_id: name },
  );
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
  });
  try {
    const page = await browser.newPage({ permissions: ['camera', 'microphone'] });
    await page.goto(`http://localhost:${parley.httpPort}/meet?authToken=${token}`);
    await page.locator('rtk-setup-screen rtk-button').getByText('Join', { exact: true }).click();
    await page.locator('rtk-participant-tile video').first().waitFor();
    return { leave: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}
