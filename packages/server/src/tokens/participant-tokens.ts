import type { AppId, MeetingId, ParticipantId, PresetId } from '../ids.js';

/** The claims the SDK and integrators read (rest-api.md part 4). */
export interface ParticipantClaims {
  orgId: AppId;
  meetingId: MeetingId;
  participantId: ParticipantId;
  presetId: PresetId;
  /** Seconds since the epoch. */
  iat: number;
  /** Seconds since the epoch; 100 days after `iat` (features.md SE01). */
  exp: number;
}

export interface ParticipantTokens {
  /** A JWT whose payload part has no `-` and no `_`, because the SDK decodes it with plain base64 (S21). */
  mint(who: Omit<ParticipantClaims, 'iat' | 'exp'>): Promise<string>;
  /** Throws ApiError 401 with reason `token_invalid` or `token_expired`. */
  verify(token: string): Promise<ParticipantClaims>;
}
