import { lookup } from 'node:dns/promises';
import { ApiError } from '../http/errors.js';
import { isPublicAddress } from '../network/address-guard.js';
import type { RecordingSettings } from './order.js';

/** What a recorder is sent to by a caller: each with its field and the schemes that it may have. */
const targetsOf = ({ url, rtmp_out_config, live_streaming_config }: RecordingSettings) => [
  { field: 'url', url, schemes: ['http:', 'https:'] },
  { field: 'rtmp_out_config.rtmp_url', url: rtmp_out_config?.rtmp_url, schemes: ['rtmp:', 'rtmps:'] },
  {
    field: 'live_streaming_config.rtmp_url',
    url: live_streaming_config?.rtmp_url,
    schemes: ['rtmp:', 'rtmps:'],
  },
];

/**
 * Refuses with ApiError 400 what is no address for a recorder: another scheme, and names of the private network
 * unless those are allowed. Browser and encoder resolve the name once more by themselves, so a name that changes its
 * address in between is not caught; a firewall around the server is the answer to that.
 */
export async function requirePublicTargets(
  settings: RecordingSettings,
  allowPrivate: boolean,
): Promise<void> {
  for (const { field, url, schemes } of targetsOf(settings)) {
    if (url === undefined) continue;
    const { protocol, hostname } = new URL(url);
    if (!schemes.includes(protocol)) {
      throw ApiError.badRequest(field, `must be a valid uri with a scheme matching ${schemes.join(' or ')}`);
    }
    if (allowPrivate) continue;
    const addresses = await addressesOf(hostname.replace(/^\[|\]$/g, ''), field);
    if (!addresses.every(isPublicAddress)) {
      throw ApiError.badRequest(
        field,
        'must not lie in the private network; PARLEY_WEBHOOK_ALLOW_PRIVATE=1 allows it',
      );
    }
  }
}

async function addressesOf(hostname: string, field: string): Promise<string[]> {
  try {
    return (await lookup(hostname, { all: true })).map(({ address }) => address);
  } catch {
    throw ApiError.badRequest(field, 'names a host that cannot be found');
  }
}
