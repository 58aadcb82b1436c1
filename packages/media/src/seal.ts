/**
 * A process that seals files of taps, so that hours of sound hold up nobody: it reads a JSON array of `{from, to}` from its
 * input, and prints one of SealedTrack, with null for a file without sound.
 */
import { setPriority } from 'node:os';
import { text } from 'node:stream/consumers';
import { type SealedTrack, sealTrack } from './tapping/seal.js';

/** Calls and their media come first. */
const LOW_PRIORITY = 10;

setPriority(LOW_PRIORITY);
const requests = JSON.parse(await text(process.stdin)) as { from: string; to: string }[];
const sealed: (SealedTrack | null)[] = [];
for (const { from, to } of requests) sealed.push(await sealTrack(from, to));
process.stdout.write(JSON.stringify(sealed));
