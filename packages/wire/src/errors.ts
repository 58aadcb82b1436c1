/** Why bytes from the other side could not be taken, or why a message could not be written. */
export type WireErrorCode =
  | 'frame_too_large'
  | 'malformed_frame'
  | 'malformed_payload'
  | 'request_id_too_long'
  | 'unknown_event';

/** The only error that this package throws. */
export class WireError extends Error {
  override readonly name = 'WireError';

  constructor(
    readonly code: WireErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
