import fc from 'fast-check';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppId, MeetingId, ParticipantId, PresetId } from '../../../src/ids.js';
import { createParticipantTokens, type ParticipantTokens } from '../../../src/tokens/participant-tokens.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const WHO = {
  orgId: '01a20154-37b2-7537-8d0a-431779ce7858' as AppId,
  meetingId: '01a20154-37dd-7754-a254-94e2e01973e0' as MeetingId,
  participantId: '01a20154-37f9-71a6-9ef7-4aecc1e8f8de' as ParticipantId,
  presetId: '01a20154-37b8-768e-9443-02c71ea5fa88' as PresetId,
};

let database: TestDatabase;
let now: Date;
let tokens: ParticipantTokens;
const clock = { now: () => now };

beforeAll(async () => {
  database = await startDatabase();
});
beforeEach(() => {
  now = new Date('2026-07-01T10:00:00.000Z');
  tokens = createParticipantTokens(database.db, clock);
});
afterAll(() => database?.close());

const refusal = (reason: string) => expect.objectContaining({ status: 401, reason });

describe('participant tokens', () => {
  it('give back what they were made of, for 100 days (SE01)', async () => {
    const token = await tokens.mint(WHO);
    const iat = now.getTime() / 1000;
    expect(await tokens.verify(token)).toEqual({ ...WHO, iat, exp: iat + 100 * 24 * 3600 });
    now = new Date(now.getTime() + 100 * DAY_MS - 1000);
    await tokens.verify(token);
    now = new Date(now.getTime() + 1000);
    await expect(tokens.verify(token)).rejects.toEqual(refusal('token_expired'));
  });

  it('differ, also when they are made for one participant in one second (C15)', async () => {
    expect(await tokens.mint(WHO)).not.toBe(await tokens.mint(WHO));
  });

  it('can be read with plain base64, as the SDK does (S21)', async () => {
    const id = <Id>() => fc.uuid() as unknown as fc.Arbitrary<Id>;
    const who = fc.record({
      orgId: id<AppId>(),
      meetingId: id<MeetingId>(),
      participantId: id<ParticipantId>(),
      presetId: id<PresetId>(),
    });
    await fc.assert(
      fc.asyncProperty(
        who,
        fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }),
        async (claims, at) => {
          now = at;
          const token = await tokens.mint(claims);
          expect(token).toMatch(/^eyJ/);
          expect(JSON.parse(atob(token.split('.')[1]!))).toMatchObject(claims);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are never made of claims that the SDK cannot read', async () => {
    await expect(tokens.mint({ ...WHO, orgId: '???' as AppId })).rejects.toThrow('cannot decode');
  });

  it('are shared by every process of the installation', async () => {
    const others = Array.from({ length: 5 }, () => createParticipantTokens(database.db, clock));
    const minted = await Promise.all(others.map((other) => other.mint(WHO)));
    for (const token of minted) expect(await tokens.verify(token)).toMatchObject(WHO);
  });

  it('of others, changed or made up are refused (SE13)', async () => {
    const [header, payload, signature] = (await tokens.mint(WHO)).split('.') as [string, string, string];
    const changed = Buffer.from(JSON.stringify({ ...WHO, participantId: WHO.meetingId })).toString(
      'base64url',
    );
    const foreign = await new SignJWT({ ...WHO })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuedAt(0)
      .setExpirationTime('100y')
      .sign(new Uint8Array(32));
    for (const token of [
      '',
      'x',
      'a.b.c',
      `${header}.${changed}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      new UnsecuredJWT({ ...WHO }).setIssuedAt(0).setExpirationTime('100y').encode(),
      foreign,
      `${header}.${payload}.${signature}${'x'.repeat(10_000)}`,
    ]) {
      await expect(tokens.verify(token), token.slice(0, 60)).rejects.toEqual(refusal('token_invalid'));
    }
  });

  it('work again after the database could not be read', async () => {
    const broken = await startDatabase();
    await broken.close();
    let db = broken.db;
    const recovering = createParticipantTokens(
      new Proxy({} as typeof db, { get: (_target, key) => Reflect.get(db, key).bind(db) }),
      clock,
    );
    await expect(recovering.mint(WHO)).rejects.toThrow();
    db = database.db;
    expect(await tokens.verify(await recovering.mint(WHO))).toMatchObject(WHO);
  });
});
