/** Classes of SQLSTATE: connection exceptions, operator intervention, insufficient resources. */
const SQLSTATE_OUTAGE = /^(?:08|57P|53)/;
const SOCKET_OUTAGE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH']);
/** Failures of the connection pool, and of a connection that died between two queries, carry no code. */
const POOL_OUTAGE = /timeout exceeded when trying to connect|Connection terminated|is not queryable/i;

/** True when an error says that the database is away or full, so that the same request may succeed later. */
export function isDatabaseOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return SQLSTATE_OUTAGE.test(code) || SOCKET_OUTAGE.has(code) || POOL_OUTAGE.test(error.message);
}
