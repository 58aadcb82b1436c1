import { AddressRefused } from '../network/address-guard.js';
import { codeOf, findCause, StorageError } from './errors.js';

/** Status codes of SFTP version 3. */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;

/** ssh2 has no other mark for a host key that was not accepted. */
const HOST_REFUSED = 'Host denied';

/** What ssh2 adds to its errors: the step of the connection, or the status that the server answered with. */
interface SshError extends Error {
  level?: string;
  code?: string | number;
}

/** What went wrong, in a sentence of ours; servers' own texts may name accounts and folders. */
export function sftpFailure(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const refused = findCause(error, AddressRefused);
  if (refused) return new StorageError('refused', refused.message);
  const { level, code, message } = error as SshError;
  if (level === 'client-authentication') {
    return new StorageError('refused', 'The SFTP server refused the user name, the password or the key');
  }
  if (level === 'handshake' && message.includes(HOST_REFUSED)) {
    return new StorageError('refused', 'The SFTP server shows another host key than configured');
  }
  if (level === 'handshake') {
    return new StorageError(
      'refused',
      'The SFTP server and this server have no method of encryption in common',
    );
  }
  if (code === PERMISSION_DENIED) {
    return new StorageError('refused', 'The SFTP server does not allow writing to the folder');
  }
  if (code === NO_SUCH_FILE) return new StorageError('refused', 'The SFTP server has no such folder');
  if (typeof code === 'number')
    return new StorageError('retryable', `The SFTP server failed (status ${code})`);
  const networkCode = codeOf(error);
  if (networkCode) return new StorageError('retryable', `The SFTP server cannot be reached (${networkCode})`);
  return new StorageError('retryable', 'The connection to the SFTP server broke', { cause: error });
}

export const isMissing = (error: unknown): boolean => (error as SshError).code === NO_SUCH_FILE;
