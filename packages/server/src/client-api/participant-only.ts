import { createMiddleware } from 'hono/factory';
import { parseAuthorization } from '../http/authorization.js';
import { ApiError } from '../http/errors.js';
import type { Services } from '../services.js';
import { type Admission, loadAdmission } from '../sessions/meeting-info.js';

export interface AsParticipant {
  Variables: { admission: Admission };
}

/**
 * Lets requests with a participant's token through. Every refusal has a reason of its own and a status that the
 * SDK maps to error 0004 (features.md S22, SE13, Q08): 401 `token_missing`, `token_invalid`, `token_expired`; 404
 * `participant_unknown`, `token_revoked`; 403 `other_meeting`, `participant_blocked`. An INACTIVE meeting is no reason: who is connected
 * stays, and asks for ICE servers when its media has to find a new way (L19).
 */
export const participantOnly = ({
  db,
  clock,
  participantTokens,
}: Pick<Services, 'db' | 'clock' | 'participantTokens'>) =>
  createMiddleware<AsParticipant>(async (c, next) => {
    const credentials = parseAuthorization(c.req.header('authorization'));
    if (credentials.scheme !== 'bearer') {
      throw new ApiError(401, 'A participant token is needed', undefined, 'token_missing');
    }
    const claims = await participantTokens.verify(credentials.token);
    const admission = await loadAdmission(db, claims, clock.now());
    c.set('admission', admission);
    await next();
  });
