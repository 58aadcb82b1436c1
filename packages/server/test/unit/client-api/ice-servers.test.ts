import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { iceServers } from '../../../src/client-api/ice-servers.js';
import type { ParticipantId } from '../../../src/ids.js';

const who = '0190a2b4-0000-7000-8000-000000000001' as ParticipantId;
const now = new Date('2026-07-01T10:00:00Z');
const TURN = ['turn:turn.example.com:3478?transport=udp', 'turns:turn.example.com:443?transport=tcp'];

describe('the ICE servers of a client (M18)', () => {
  it('are none where none is set', () => {
    expect(iceServers({ turnUrls: [], turnSecret: null }, who, now)).toEqual({
      success: true,
      iceServers: [],
    });
  });

  it('carry no credentials for STUN', () => {
    const answer = iceServers({ turnUrls: ['stun:stun.example.com'], turnSecret: 'secret' }, who, now);
    expect(answer.iceServers).toEqual([{ urls: ['stun:stun.example.com'] }]);
  });

  it('carry credentials for TURN that coturn can check and that end by themselves', () => {
    const { iceServers: servers } = iceServers({ turnUrls: TURN, turnSecret: 'secret' }, who, now);
    const expires = now.getTime() / 1000 + 12 * 60 * 60;
    expect(servers).toEqual([
      {
        urls: TURN,
        username: `${expires}:${who}`,
        credential: createHmac('sha1', 'secret').update(`${expires}:${who}`).digest('base64'),
      },
    ]);
  });

  it('name a TURN server without a shared secret as it is', () => {
    expect(iceServers({ turnUrls: TURN, turnSecret: null }, who, now).iceServers).toEqual([{ urls: TURN }]);
  });
});
