/**
 * Why an upload failed. `retryable`: the network or the storage's own trouble, so a later attempt may do.
 * `refused`: wrong credentials, no such bucket and the like, which no repetition mends.
 */
export type FailureKind = 'retryable' | 'refused';

/** The message is a plain sentence that may be shown to the recording's owner; it never holds a secret. */
export class StorageError extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StorageError';
  }
}

/** An answer that was cut off for its length. */
export class EndlessAnswer extends Error {}

/** The first code found along the causes, such as ECONNREFUSED; undefined when there is none. */
export function codeOf(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
    if (current instanceof AggregateError && current.errors.length > 0) return codeOf(current.errors[0]);
  }
  return undefined;
}

/** The error of a given class among an error and its causes. */
export function findCause<T extends Error>(
  error: unknown,
  type: abstract new (...args: never[]) => T,
): T | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof type) return current;
  }
  return undefined;
}
