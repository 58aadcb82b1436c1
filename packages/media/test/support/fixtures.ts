import { readFileSync } from 'node:fs';

/** A recorded offer of Chromium (or Firefox, where the name says so) under the SDK, see test/fixtures. */
export function readFixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}.sdp`, import.meta.url), 'utf8');
}
