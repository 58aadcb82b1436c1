import { RestError } from '@azure/storage-blob';
import { AddressRefused } from '../network/address-guard.js';
import { EndlessAnswer, findCause, StorageError } from './errors.js';

const STATUS_TOO_MANY = 429;
const STATUS_SERVER_ERROR = 500;
const CREDENTIALS_STATUS = new Set([401, 403]);

/** Refusals that mend themselves: damage on the way, and blocks that are gone after a week. */
const PASSING = new Set(['Md5Mismatch', 'InvalidBlockList', 'InvalidBlobOrBlock', 'OperationTimedOut']);

/** A code is short and plain; whatever else a server puts in its place is not passed on. */
const PLAIN_CODE = /^[0-9A-Za-z_]{1,60}$/;

/** What went wrong, in a sentence of ours; the service's own text may quote what was signed. */
export function azureFailure(error: unknown, container: string): StorageError {
  if (error instanceof StorageError) return error;
  const refused = findCause(error, AddressRefused);
  if (refused) return new StorageError('refused', refused.message);
  if (error instanceof EndlessAnswer)
    return new StorageError('retryable', 'The storage answered without end');
  if (error instanceof Error && /^(AbortError|TimeoutError)$/.test(error.name)) {
    return new StorageError('retryable', 'The storage did not answer in time');
  }
  if (!(error instanceof RestError))
    return new StorageError('retryable', 'The storage gave an answer that is not of Azure', { cause: error });
  const { statusCode: status } = error;
  const code = error.code && PLAIN_CODE.test(error.code) ? error.code : String(status);
  if (status === undefined) return new StorageError('retryable', `The storage cannot be reached (${code})`);
  return answered(status, code, container);
}

function answered(status: number, code: string, container: string): StorageError {
  const refuse = (sentence: string) => new StorageError('refused', `${sentence} (${code})`);
  if (code === 'ContainerNotFound' || code === 'InvalidResourceName') {
    return refuse(`The storage has no container ${container}`);
  }
  if (CREDENTIALS_STATUS.has(status))
    return refuse('The storage refused the credentials or what they may do');
  if (status === STATUS_TOO_MANY || status >= STATUS_SERVER_ERROR || PASSING.has(code) || status < 300) {
    return new StorageError('retryable', `The storage is in trouble (${code})`);
  }
  return refuse('The storage refused the upload');
}

export const statusOf = (error: unknown): number | undefined =>
  error instanceof RestError ? error.statusCode : undefined;
