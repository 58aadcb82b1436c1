import { type LoadOptions, type LoadReport, runLoad } from '@parley/headless';
import type { Parley } from './parley.js';

/** A load run against the bench's server, on its plain port unless told otherwise. Any failure in it rejects. */
export async function load(
  parley: Parley,
  options: Pick<LoadOptions, 'participants' | 'meetings'> & Partial<LoadOptions>,
): Promise<LoadReport> {
  const report = await runLoad({
    apiUrl: parley.apiUrl,
    accountId: parley.accountId,
    apiToken: parley.apiToken,
    appId: parley.appId,
    socketUrl: `ws://127.0.0.1:${parley.httpPort}/ws`,
    presetName: 'group_call_participant',
    concurrency: 32,
    holdMs: 0,
    chatsPerSecond: 0,
    ...options,
  });
  if (report.errors.size > 0)
    throw new Error([...report.errors].map(([text, n]) => `${n} x ${text}`).join('\n'));
  return report;
}
