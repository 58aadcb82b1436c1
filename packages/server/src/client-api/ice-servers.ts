import { createHmac } from 'node:crypto';
import type { Settings } from '../config/settings.js';
import type { ParticipantId } from '../ids.js';

/** A session of a working day; the client asks again for each new transport once it has none. */
const CREDENTIALS_LIFETIME_SECONDS = 12 * 60 * 60;

interface IceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

/**
 * The servers of the setting `turnUrls`, with credentials that end by themselves where a secret is shared with the
 * TURN server (the scheme of coturn's `use-auth-secret`). Not wrapped in `data` (rest-api.md 3.4).
 */
export function iceServers(
  { turnUrls, turnSecret }: Pick<Settings, 'turnUrls' | 'turnSecret'>,
  participantId: ParticipantId,
  now: Date,
): { success: true; iceServers: IceServer[] } {
  if (turnUrls.length === 0) return { success: true, iceServers: [] };
  const stun = turnUrls.filter((url) => url.startsWith('stun'));
  const turn = turnUrls.filter((url) => url.startsWith('turn'));
  const servers: IceServer[] = [];
  if (stun.length > 0) servers.push({ urls: stun });
  if (turn.length > 0) {
    servers.push({ urls: turn, ...(turnSecret ? temporaryCredentials(turnSecret, participantId, now) : {}) });
  }
  return { success: true, iceServers: servers };
}

function temporaryCredentials(secret: string, participantId: ParticipantId, now: Date) {
  const expires = Math.floor(now.getTime() / 1000) + CREDENTIALS_LIFETIME_SECONDS;
  const username = `${expires}:${participantId}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}
