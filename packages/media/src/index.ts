export * from './rpc.js';
export type { SealedTrack } from './tapping/seal.js';
