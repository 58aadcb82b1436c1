import { type EventNumber, eventName } from '@parley/wire';

const nameOf = (event: EventNumber) => eventName(event) ?? String(event);

/** The server answered a request with an error; `message` is the server's text. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';

  constructor(
    readonly event: EventNumber,
    readonly text: string,
  ) {
    super(`${nameOf(event)} was refused: ${text}`);
  }
}

/** The server did not answer a request in the time that the SDK waits. */
export class RequestTimeout extends Error {
  override readonly name = 'RequestTimeout';

  constructor(
    readonly event: EventNumber,
    readonly waitedMs: number,
  ) {
    super(`${nameOf(event)} was not answered within ${waitedMs} ms`);
  }
}

/** The socket could not be opened, or went away while something was awaited. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';

  constructor(
    /** The WebSocket close code; 1006 when there was no close frame. */
    readonly code: number,
    readonly reason: string,
  ) {
    super(`The connection is gone: ${code}${reason === '' ? '' : ` ${reason}`}`);
  }
}
