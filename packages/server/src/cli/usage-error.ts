/** The caller typed something wrong; its message is the only line to print, the exit code is 2. */
export class UsageError extends Error {}
