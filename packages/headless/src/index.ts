/** Headless participants that speak the socket protocol, and a load run made of them. */
export * from './errors.js';
export { HeadlessPeer } from './headless-peer.js';
export type { HeadlessPeerOptions, PeerState, ReconnectPolicy } from './options.js';
export { readToken, type TokenClaims } from './participant-token.js';
