import type { AppId, MeetingId, PeerId, SessionId } from '../ids.js';
import type { QueuedWebhookEvent } from './outbox.js';

/**
 * The bodies of the meeting events, with the fields and oddities of the live service (features.md WP01-WP04): the
 * status stays "LIVE" when the meeting has ended, `roomName` repeats the meeting's id, and `clientSpecificId`
 * repeats `customParticipantId` for older receivers. Times are ISO 8601 in UTC with milliseconds.
 */
export interface WebhookSession {
  appId: AppId;
  /** Sent as `organizedBy.name`; the organisation of the live service is Parley's app. */
  appName: string;
  meetingId: MeetingId;
  sessionId: SessionId;
  title: string;
  createdAt: Date;
  startedAt: Date;
  /** Set once the session has ended; a `meeting.participantLeft` caused by the end carries it too. */
  endedAt?: Date | null;
}

export interface WebhookPeer {
  peerId: PeerId;
  displayName: string;
  customParticipantId: string;
  joinedAt: Date;
}

/** Why a meeting ended, as `meeting.ended` says it (features.md L10). */
export type MeetingEndReason = 'HOST_ENDED_MEETING' | 'ALL_PARTICIPANTS_LEFT';

export function meetingStarted(session: WebhookSession): QueuedWebhookEvent {
  return queued('meeting.started', session, {});
}

/** `endedAt` is required here: a meeting that ended has an end. */
export function meetingEnded(
  session: WebhookSession & { endedAt: Date },
  reason: MeetingEndReason,
): QueuedWebhookEvent {
  return queued('meeting.ended', session, { reason });
}

export function participantJoined(session: WebhookSession, peer: WebhookPeer): QueuedWebhookEvent {
  return queued('meeting.participantJoined', session, { participant: participant(peer) });
}

export function participantLeft(
  session: WebhookSession,
  peer: WebhookPeer,
  leftAt: Date,
): QueuedWebhookEvent {
  return queued('meeting.participantLeft', session, {
    participant: { ...participant(peer), leftAt: leftAt.toISOString() },
  });
}

function queued(
  event: QueuedWebhookEvent['event'],
  session: WebhookSession,
  fields: Record<string, unknown>,
): QueuedWebhookEvent {
  return {
    appId: session.appId,
    sessionId: session.sessionId,
    event,
    payload: { event, meeting: meeting(session), ...fields },
  };
}

function meeting(session: WebhookSession) {
  return {
    id: session.meetingId,
    sessionId: session.sessionId,
    title: session.title,
    roomName: session.meetingId,
    status: 'LIVE',
    createdAt: session.createdAt.toISOString(),
    startedAt: session.startedAt.toISOString(),
    ...(session.endedAt ? { endedAt: session.endedAt.toISOString() } : {}),
    organizedBy: { id: session.appId, name: session.appName },
  };
}

function participant(peer: WebhookPeer) {
  return {
    peerId: peer.peerId,
    userDisplayName: peer.displayName,
    customParticipantId: peer.customParticipantId,
    clientSpecificId: peer.customParticipantId,
    joinedAt: peer.joinedAt.toISOString(),
  };
}
