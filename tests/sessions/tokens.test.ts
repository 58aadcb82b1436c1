import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type OwnDatabase } from '../support/database.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';

const HUNDRED_DAYS_SECONDS = 100 * 24 * 60 * 60;
const UNKNOWN = '813432c7-3c5a-45e2-9acf-eef7061c7584';

interface Claims {
  orgId: string;
  meetingId: string;
  participantId: string;
  presetId: string;
  iat: number;
  exp: number;
}

const claimsOf = (token: string): Claims => JSON.parse(atob(token.split('.')[1]!));

describe.skipIf(!serverIsBuilt)('participant tokens', () => {
  let database: OwnDatabase;
  let stage: SessionStage;
  beforeAll(async () => {
    database = await createDatabase();
    stage = await startSessionStage({ env: { DATABASE_URL: database.url } });
  });
  afterAll(async () => {
    await stage?.dispose();
    await database?.drop();
  });

  /** A token as only the server itself can sign it. */
  async function forge(token: string, changes: Partial<Claims>): Promise<string> {
    const [row] = await database.rows<{ private_key: string }>(
      "select private_key from signing_keys where purpose = 'participant-token'",
    );
    return new SignJWT({ ...claimsOf(token), ...changes })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(Buffer.from(row!.private_key, 'base64url'));
  }

  const details = (token: string) =>
    fetch(`${stage.parley.httpUrl}/v2/internals/participant-details`, {
      headers: { authorization: `Bearer ${token}` },
    });

  async function expectRefused(token: string, status: number, reason: string): Promise<void> {
    const response = await details(token);
    const { success, error } = await response.json();
    expect({ status: response.status, success, reason: error.reason }).toEqual({
      status,
      success: false,
      reason,
    });
    expect(error.message).toMatch(/^[A-Z]/);
    await expect(stage.rawSocket({ token })).rejects.toMatchObject({ status, error: { reason } });
  }

  test('name meeting and participant, live 100 days, and are readable by plain base64 (SE01, S21)', async () => {
    const meeting = await stage.backend.newMeeting();
    const { id, token } = await stage.invite(meeting, 'Jürgen ÿ ~~~ ???');
    const claims = claimsOf(token);
    expect(claims).toMatchObject({
      orgId: stage.scope.app_id,
      meetingId: meeting,
      participantId: id,
    });
    expect(claims.exp - claims.iat).toBe(HUNDRED_DAYS_SECONDS);
    expect(Math.abs(claims.iat - Date.now() / 1000)).toBeLessThan(60);
    expect(token).toMatch(/^eyJ/);
    expect(token.split('.')[1]).not.toMatch(/[-_]/);
    expect((await details(token)).status).toBe(200);
  });

  test('a refreshed one opens the door, and so does the older (SE02, Q19)', async () => {
    const meeting = await stage.backend.newMeeting();
    const { id, token } = await stage.invite(meeting, 'Mary');
    const { data } = await stage.kit.meetings.refreshParticipantToken(id, {
      ...stage.scope,
      meeting_id: meeting,
    });
    const peers = [await stage.enterAgain({ token }), await stage.enterAgain({ token: data!.token })];
    expect(peers.map(({ state, participantId }) => [state, participantId])).toEqual([
      ['joined', id],
      ['joined', id],
    ]);
  });

  test('each way to be refused has its own reason, on HTTP and on the socket (SE03, SE04, SE05, SE13, Q08)', async () => {
    const meeting = await stage.backend.newMeeting();
    const { id, token } = await stage.invite(meeting, 'Mary');
    expect((await details(token)).status).toBe(200);
    const now = Math.floor(Date.now() / 1000);
    const expired = { iat: now - HUNDRED_DAYS_SECONDS - 10, exp: now - 10 };
    await expectRefused(await forge(token, expired), 401, 'token_expired');
    await expectRefused(await forge(token, { participantId: UNKNOWN }), 404, 'participant_unknown');
    const other = await stage.backend.newMeeting();
    await expectRefused(await forge(token, { meetingId: other }), 403, 'other_meeting');
    await stage.backend.setStatus(meeting, 'INACTIVE');
    await expectRefused(token, 403, 'meeting_inactive');
    await stage.backend.setStatus(meeting, 'ACTIVE');

    const path = { ...stage.scope, meeting_id: meeting };
    const { data } = await stage.kit.meetings.refreshParticipantToken(id, path);
    await stage.kit.meetings.deleteMeetingParticipant(id, path);
    for (const revoked of [token, data!.token]) await expectRefused(revoked, 404, 'token_revoked');
  });

  test('what nobody here has signed is invalid (SE04)', async () => {
    const meeting = await stage.backend.newMeeting();
    const { token } = await stage.invite(meeting, 'Mary');
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const withoutAlgorithm = btoa('{"alg":"none","typ":"JWT"}').replaceAll('=', '');
    for (const bad of [
      'nonsense',
      `${header}.${payload}.`,
      `${withoutAlgorithm}.${payload}.`,
      `${header}.${payload}.${signature.split('').reverse().join('')}`,
      `${header}.${btoa(JSON.stringify({ ...claimsOf(token), participantId: UNKNOWN }))}.${signature}`,
      'x'.repeat(4000),
    ]) {
      await expectRefused(bad, 401, 'token_invalid');
    }
    const missing = await fetch(`${stage.parley.httpUrl}/v2/internals/participant-details`);
    expect([missing.status, (await missing.json()).error.reason]).toEqual([401, 'token_missing']);
  });

  test('a socket names the meeting of its token, and a peer id of its own (C12, S25)', async () => {
    const [meeting, other] = [await stage.backend.newMeeting(), await stage.backend.newMeeting()];
    const mary = await stage.invite(meeting, 'Mary');
    const inside = await stage.enterAgain(mary);
    const tom = await stage.invite(meeting, 'Tom');
    const otherMeeting = { status: 403, error: { reason: 'other_meeting' } };
    for (const [options, refusal] of [
      [{ query: { roomID: other } }, otherMeeting],
      [{ query: { roomID: '' } }, otherMeeting],
      [{ peerId: inside.peerId }, { status: 403, error: { reason: 'peer_id_taken' } }],
      [{ query: { peerID: 'one' } }, { status: 400, error: { message: expect.stringContaining('peerID') } }],
    ] as const) {
      await expect(stage.rawSocket(tom, options)).rejects.toMatchObject(refusal);
    }
    expect(inside.state).toBe('joined');
  });

  test('who is connected stays connected, and may come back, while the meeting is INACTIVE (L18, L19, OQ22)', async () => {
    const meeting = await stage.backend.newMeeting();
    const [mary, tom] = [await stage.invite(meeting, 'Mary'), await stage.invite(meeting, 'Tom')];
    const inside = await stage.rawSocket(mary);
    await inside.join('Mary');
    const notYetIn = await stage.rawSocket(tom);
    await stage.backend.setStatus(meeting, 'INACTIVE');

    expect(await notYetIn.join('Tom')).toBe('The meeting is inactive');
    await expectRefused(tom.token, 403, 'meeting_inactive');
    inside.drop();
    const back = await stage.rawSocket(mary, { peerId: inside.peerId });
    expect(await back.join('Mary')).toBeNull();
    const iceServers = await fetch(`${stage.parley.httpUrl}/iceservers`, {
      headers: { authorization: `Bearer ${mary.token}` },
    });
    expect(await iceServers.json()).toEqual({ success: true, iceServers: [] });
    expect(await stage.activeSession(meeting)).toMatchObject({ status: 'LIVE', live_participants: 1 });
  });
});
