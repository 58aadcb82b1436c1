/** What the SDK reads in a participant token; it checks no signature (features.md S21). */
export interface TokenClaims {
  meetingId: string;
  participantId: string;
}

export function readToken(token: string): TokenClaims {
  const payload = token.split('.')[1];
  if (payload === undefined) throw new TypeError('A participant token has three parts separated by dots.');
  const claims = JSON.parse(atob(payload)) as Partial<TokenClaims>;
  if (typeof claims.meetingId !== 'string' || typeof claims.participantId !== 'string') {
    throw new TypeError('The participant token names no meeting or no participant.');
  }
  return { meetingId: claims.meetingId, participantId: claims.participantId };
}
