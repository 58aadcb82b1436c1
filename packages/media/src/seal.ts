/**
 * A process that seals one file of a tap, so that hours of sound hold up nobody: `node seal.js <from> <to>` prints a
 * SealedTrack as JSON, or null when there was no sound in the file.
 */
import { sealTrack } from './tapping/seal.js';

const [from = '', to = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await sealTrack(from, to)));
