import type { Settings } from '../config/settings.js';

/** Where encoders send to; empty, since none are taken in. */
export const INGEST_SERVER = '';

export const PLAYLIST = 'index.m3u8';

/**
 * Where a livestream is watched, the same over all its sessions. Under a host of the SDK's, which the policy of the
 * meeting page lets its player call.
 */
export const playbackUrl = ({ baseDomain }: Pick<Settings, 'baseDomain'>, playbackKey: string): string =>
  `https://api.${baseDomain}/live/${playbackKey}/${PLAYLIST}`;
