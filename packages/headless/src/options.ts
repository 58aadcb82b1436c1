import type { SecureContext } from 'node:tls';

/** `self.roomState` of the SDK, with `joining` while the messages of a join are under way. */
export type PeerState =
  | 'init'
  | 'joining'
  | 'joined'
  | 'waitlisted'
  | 'left'
  | 'kicked'
  | 'ended'
  | 'rejected'
  | 'connected-meeting'
  | 'disconnected'
  | 'failed';

export interface ReconnectPolicy {
  /** Attempts before the state becomes `failed`. The SDK makes 50. */
  attempts: number;
  /** Pause before the first attempt. The SDK waits 3 s. */
  firstDelayMs: number;
  /** Attempt n waits a random time up to 1 s times 2^n, and never longer than this. The SDK's bound is 10 s. */
  maxDelayMs: number;
}

export interface HeadlessPeerOptions {
  /** `ws://host:port/ws` or `wss://host:port/ws`. */
  url: string;
  /** Participant token from the management API. */
  token: string;
  /** One for all peers of a process; needed when the server's certificate is of a private authority. */
  secureContext?: SecureContext;
  /** A random UUID when absent, as in the SDK. */
  peerId?: string;
  displayName?: string;
  customParticipantId?: string;
  /** What to do when the connection breaks; without it the peer stays `disconnected`. */
  reconnect?: ReconnectPolicy;
  /** Keep `roster` up to date. Costs memory for every peer of every peer, so it is off in load runs. */
  roster?: boolean;
}
