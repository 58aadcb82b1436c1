import { S3ServiceException } from '@aws-sdk/client-s3';
import { AddressRefused } from '../network/address-guard.js';
import { codeOf, EndlessAnswer, findCause, StorageError } from './errors.js';

const STATUS_TOO_MANY = 429;
const STATUS_SERVER_ERROR = 500;

/** Refusals by S3's own codes that mend themselves, though their status says otherwise. */
const PASSING = new Set([
  'RequestTimeout',
  'SlowDown',
  'OperationAborted',
  'BadDigest',
  'InternalError',
  // The next attempt begins another one.
  'NoSuchUpload',
]);

const CREDENTIALS = new RegExp(
  `^(${[
    'AccessDenied|AllAccessDisabled|AccountProblem|InvalidAccessKeyId|InvalidToken|ExpiredToken',
    'SignatureDoesNotMatch|Forbidden|Unauthorized|403|401',
    // Google's own.
    'InvalidSecurity|AuthenticationRequired|UserProjectAccessDenied|UserProjectAccountProblem',
  ].join('|')})$`,
);
const REGION = /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException|301)$/;

/** A code is short and plain; whatever else a server puts in its place is not passed on. */
const PLAIN_CODE = /^[0-9A-Za-z.]{1,60}$/;

/**
 * What went wrong, in a sentence of ours: the server's own text is not passed on, because it may quote what was
 * signed or the key it was signed with.
 */
export function s3Failure(error: unknown, bucket: string): StorageError {
  if (error instanceof StorageError) return error;
  const refused = findCause(error, AddressRefused);
  if (refused) return new StorageError('refused', refused.message);
  if (findCause(error, EndlessAnswer))
    return new StorageError('retryable', 'The storage answered without end');
  if (error instanceof S3ServiceException) return serviceFailure(error, bucket);
  // The client calls a connection that broke a TimeoutError as well; only the code tells them apart.
  const code = codeOf(error);
  if (code && code !== 'ABORT_ERR')
    return new StorageError('retryable', `The storage cannot be reached (${code})`);
  if (error instanceof Error && /^(AbortError|TimeoutError)$/.test(error.name)) {
    return new StorageError('retryable', 'The storage did not answer in time');
  }
  return new StorageError('retryable', 'The storage gave an answer that is not of S3', { cause: error });
}

export const isUnknownUpload = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.name === 'NoSuchUpload';

export const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

function serviceFailure(error: S3ServiceException, bucket: string): StorageError {
  const status = error.$metadata.httpStatusCode ?? 0;
  const code = PLAIN_CODE.test(error.name) && error.name !== 'UnknownError' ? error.name : String(status);
  const refuse = (sentence: string) => new StorageError('refused', `${sentence} (${code})`);
  if (code === 'NoSuchBucket') return refuse(`The storage has no bucket ${bucket}`);
  if (code === 'RequestTimeTooSkewed') return refuse("This server's clock differs from the storage's");
  if (CREDENTIALS.test(code)) return refuse('The storage refused the credentials or what they may do');
  if (REGION.test(code)) return refuse(`The bucket ${bucket} is not in this region`);
  if (status === STATUS_TOO_MANY || status >= STATUS_SERVER_ERROR || PASSING.has(code) || status < 300) {
    return new StorageError('retryable', `The storage is in trouble (${code})`);
  }
  return refuse('The storage refused the upload');
}
