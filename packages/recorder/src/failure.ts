import type { RecorderFailure } from './contract.js';

/** The end of a run that kept nothing; told to the server as the event `failed`. */
export class Failure extends Error {
  constructor(
    readonly code: RecorderFailure,
    reason: string,
  ) {
    super(reason);
    this.name = 'Failure';
  }

  /** Whatever was thrown, as a failure; a full disk shows in the error of a write, or in what ffmpeg says. */
  static of(error: unknown): Failure {
    if (error instanceof Failure) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new Failure(isDiskFull(error) ? 'disk_full' : 'internal', message);
  }
}

export function isDiskFull(error: unknown): boolean {
  const { code, message } = error as Partial<NodeJS.ErrnoException>;
  return (
    code === 'ENOSPC' || code === 'EDQUOT' || /no space left on device|quota exceeded/i.test(message ?? '')
  );
}
