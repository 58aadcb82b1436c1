import { hostNameOf } from '../config/sdk-hosts.js';
import type { Settings } from '../config/settings.js';

/** What stands between host and stream key at the RTMP port. */
const RTMP_APP = 'live';

export type EncoderPorts = Pick<Settings, 'baseDomain' | 'rtmpPort' | 'rtmpsPort'>;

/** Where encoders send to, followed by their stream key; empty when no port is open for them. */
export function ingestServer({ baseDomain, rtmpPort, rtmpsPort }: EncoderPorts): string {
  const address = (scheme: string, port: number) =>
    `${scheme}://${hostNameOf(baseDomain)}:${port}/${RTMP_APP}/`;
  if (rtmpsPort !== null) return address('rtmps', rtmpsPort);
  return rtmpPort === null ? '' : address('rtmp', rtmpPort);
}

export const PLAYLIST = 'index.m3u8';

/**
 * Where a livestream is watched, the same over all its sessions. Under a host of the SDK's, which the policy of the
 * meeting page lets its player call.
 */
export const playbackUrl = ({ baseDomain }: Pick<Settings, 'baseDomain'>, playbackKey: string): string =>
  `https://api.${baseDomain}/live/${playbackKey}/${PLAYLIST}`;
