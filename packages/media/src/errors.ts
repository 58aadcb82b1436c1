import type { MediaErrorCode } from './rpc.js';

/** A refusal that travels to the server as `{ok: false, code, error}`. */
export class MediaFailure extends Error {
  constructor(
    readonly code: MediaErrorCode,
    sentence: string,
  ) {
    super(sentence);
    this.name = 'MediaFailure';
  }
}
