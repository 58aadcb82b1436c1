import { expect, test } from 'vitest';
import type { AppId, MeetingId, PeerId, SessionId } from '../../../src/ids.js';
import { WEBHOOK_EVENT_NAMES } from '../../../src/webhooks/events.js';
import {
  chatSynced,
  meetingEnded,
  meetingStarted,
  participantJoined,
  participantLeft,
} from '../../../src/webhooks/payloads.js';

const session = {
  appId: 'app' as AppId,
  appName: 'Academy',
  meetingId: 'meeting' as MeetingId,
  sessionId: 'session' as SessionId,
  title: 'Algebra',
  createdAt: new Date('2026-01-01T10:00:00.000Z'),
  startedAt: new Date('2026-01-01T10:00:00.120Z'),
};
const endedAt = new Date('2026-01-01T10:30:00.000Z');
const peer = {
  peerId: 'peer' as PeerId,
  displayName: 'Mary',
  customParticipantId: 'user-123',
  joinedAt: new Date('2026-01-01T10:05:00.000Z'),
};

const meeting = {
  id: 'meeting',
  sessionId: 'session',
  title: 'Algebra',
  roomName: 'meeting',
  status: 'LIVE',
  createdAt: '2026-01-01T10:00:00.000Z',
  startedAt: '2026-01-01T10:00:00.120Z',
  organizedBy: { id: 'app', name: 'Academy' },
};
const participant = {
  peerId: 'peer',
  userDisplayName: 'Mary',
  customParticipantId: 'user-123',
  clientSpecificId: 'user-123',
  joinedAt: '2026-01-01T10:05:00.000Z',
};

test('WB04: the nine events', () => {
  expect(WEBHOOK_EVENT_NAMES).toHaveLength(9);
});

test('WP01 meeting.started', () => {
  expect(meetingStarted(session)).toStrictEqual({
    appId: 'app',
    sessionId: 'session',
    event: 'meeting.started',
    payload: { event: 'meeting.started', meeting },
  });
});

test.each(['HOST_ENDED_MEETING', 'ALL_PARTICIPANTS_LEFT'] as const)('WP02 meeting.ended, %s', (reason) => {
  expect(meetingEnded({ ...session, endedAt }, reason).payload).toStrictEqual({
    event: 'meeting.ended',
    meeting: { ...meeting, endedAt: '2026-01-01T10:30:00.000Z' },
    reason,
  });
});

test('WP03 meeting.participantJoined', () => {
  expect(participantJoined(session, peer).payload).toStrictEqual({
    event: 'meeting.participantJoined',
    meeting,
    participant,
  });
});

test('WP04 meeting.participantLeft, in a session that goes on and in one that has ended', () => {
  const leftAt = new Date('2026-01-01T10:25:00.000Z');
  const left = { ...participant, leftAt: '2026-01-01T10:25:00.000Z' };
  expect(participantLeft(session, peer, leftAt).payload).toStrictEqual({
    event: 'meeting.participantLeft',
    meeting,
    participant: left,
  });
  expect(participantLeft({ ...session, endedAt }, peer, leftAt).payload).toStrictEqual({
    event: 'meeting.participantLeft',
    meeting: { ...meeting, endedAt: '2026-01-01T10:30:00.000Z' },
    participant: left,
  });
});

test('an end by a limit of the meeting is the host’s, and says so in a field of ours', () => {
  expect(meetingEnded({ ...session, endedAt }, 'TIME_LIMIT').payload).toEqual({
    event: 'meeting.ended',
    meeting: { ...meeting, endedAt: '2026-01-01T10:30:00.000Z' },
    reason: 'HOST_ENDED_MEETING',
    endReason: 'TIME_LIMIT',
  });
});

test('WP05 meeting.chatSynced', () => {
  const expiresAt = new Date('2026-01-08T10:30:00.000Z');
  const { payload, sessionId } = chatSynced({ ...session, endedAt }, { url: 'https://p/chat', expiresAt });
  expect(sessionId).toBe('session');
  expect(payload).toEqual({
    event: 'meeting.chatSynced',
    sessionId: 'session',
    meetingId: 'meeting',
    title: 'Algebra',
    chatDownloadUrl: 'https://p/chat',
    chatDownloadUrlExpiry: '2026-01-08T10:30:00.000Z',
    createdAt: '2026-01-01T10:00:00.000Z',
    startedAt: '2026-01-01T10:00:00.120Z',
    endedAt: '2026-01-01T10:30:00.000Z',
    organizedBy: { id: 'app', name: 'Academy' },
  });
});
