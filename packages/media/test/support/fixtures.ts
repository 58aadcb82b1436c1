import { readFileSync } from 'node:fs';

/** A recorded offer of Chromium under the SDK, see test/fixtures. */
export function readFixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}.sdp`, import.meta.url), 'utf8');
}
