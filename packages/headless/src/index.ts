/** Headless participants that speak the socket protocol, and a load run made of them. */
export * from './errors.js';
export { HeadlessPeer } from './headless-peer.js';
export type { Distribution } from './load/distribution.js';
export { formatLoadReport } from './load/report.js';
export { type LoadOptions, type LoadReport, runLoad } from './load/run-load.js';
export type { HeadlessPeerOptions, PeerState, ReconnectPolicy } from './options.js';
export { readToken, type TokenClaims } from './participant-token.js';
