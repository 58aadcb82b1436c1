import { createHash, randomBytes } from 'node:crypto';
import type { LivestreamId } from '../ids.js';
import { StorageError } from '../storage/errors.js';
import type { SecretBox } from '../storage/sealing.js';

const KEY_BYTES = 32;
const placeOf = (id: LivestreamId): string => `livestream ${id}`;

/** What cannot be guessed of a livestream: the address of its viewers, and the key of its encoder. */
export const newPlaybackKey = (): string => randomBytes(KEY_BYTES).toString('base64url');

/** A new stream key as its columns hold it. */
export function newStreamKey(secrets: SecretBox, id: LivestreamId) {
  const key = randomBytes(KEY_BYTES).toString('hex');
  return { stream_key: secrets.sealText(key, placeOf(id)), stream_key_hash: hashOfStreamKey(key) };
}

/** Empty when it was sealed with another key or is damaged: whoever has it still finds the livestream by it. */
export function openStreamKey(secrets: SecretBox, id: LivestreamId, sealed: string): string {
  try {
    return secrets.openText(sealed, placeOf(id));
  } catch (error) {
    if (error instanceof StorageError) return '';
    throw error;
  }
}

export const hashOfStreamKey = (key: string): Buffer => createHash('sha256').update(key).digest();
