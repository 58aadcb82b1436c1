import { hostNameOf } from '../config/sdk-hosts.js';
import type { Settings } from '../config/settings.js';

/** What stands between host and stream key at the RTMP port. */
const RTMP_APP = 'live';

/** Where encoders send to, followed by their stream key; empty when no port is open for them. */
export const ingestServer = ({ baseDomain, rtmpPort }: Pick<Settings, 'baseDomain' | 'rtmpPort'>): string =>
  rtmpPort === null ? '' : `rtmp://${hostNameOf(baseDomain)}:${rtmpPort}/${RTMP_APP}/`;

export const PLAYLIST = 'index.m3u8';

/**
 * Where a livestream is watched, the same over all its sessions. Under a host of the SDK's, which the policy of the
 * meeting page lets its player call.
 */
export const playbackUrl = ({ baseDomain }: Pick<Settings, 'baseDomain'>, playbackKey: string): string =>
  `https://api.${baseDomain}/live/${playbackKey}/${PLAYLIST}`;
