import type { Livestream, Recording, StopReason } from '@parley/core';
import type {
  AppId,
  LivestreamId,
  LivestreamSessionId,
  MeetingId,
  PeerId,
  RecordingId,
  SessionId,
} from '../ids.js';
import type { QueuedWebhookEvent } from './outbox.js';

/**
 * The bodies of the events, with the fields and oddities of the live service (features.md WP01-WP04): the
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

/** Why a meeting ended: the reasons of the live service (features.md L10), and one of ours. */
export type MeetingEndReason = 'HOST_ENDED_MEETING' | 'ALL_PARTICIPANTS_LEFT' | 'TIME_LIMIT';

export function meetingStarted(session: WebhookSession): QueuedWebhookEvent {
  return queued('meeting.started', session, {});
}

/**
 * `endedAt` is required here: a meeting that ended has an end. Receivers know two reasons, so an end by a limit of
 * the meeting is the host's, and says what it was in a field of its own.
 */
export function meetingEnded(
  session: WebhookSession & { endedAt: Date },
  reason: MeetingEndReason,
): QueuedWebhookEvent {
  const fields = reason === 'TIME_LIMIT' ? { reason: 'HOST_ENDED_MEETING', endReason: reason } : { reason };
  return queued('meeting.ended', session, fields);
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

/** The only flat body (features.md WP05, H19). */
export function chatSynced(
  session: WebhookSession & { endedAt: Date },
  chat: { url: string; expiresAt: Date },
): QueuedWebhookEvent {
  const event = 'meeting.chatSynced';
  const { id: meetingId, sessionId, title, createdAt, startedAt, endedAt, organizedBy } = meeting(session);
  const chatDownloadUrl = chat.url;
  const chatDownloadUrlExpiry = chat.expiresAt.toISOString();
  return {
    appId: session.appId,
    sessionId: session.sessionId,
    event,
    payload: {
      event,
      sessionId,
      meetingId,
      title,
      chatDownloadUrl,
      chatDownloadUrlExpiry,
      createdAt,
      startedAt,
      endedAt,
      organizedBy,
    },
  };
}

export interface WebhookRecording {
  recordingId: RecordingId;
  outputFileName: string;
  recording: Recording;
  /** Once the files are where they belong; links are null where the own store was not wanted. */
  uploaded?: {
    downloadUrl: string | null;
    audioDownloadUrl: string | null;
    expiresAt: Date | null;
    fileBytes: number;
  };
}

/** `id` and `recordingId` are the same, and the size is a string, as on the live service (features.md WP06). */
export function recordingStatusUpdate(
  session: WebhookSession,
  { recordingId, outputFileName, recording, uploaded }: WebhookRecording,
): QueuedWebhookEvent {
  const ended = 'stoppedAt' in recording ? recording : null;
  const startedAt = recording.status === 'INVOKED' ? null : recording.startedAt;
  return queued('recording.statusUpdate', session, {
    recording: {
      id: recordingId,
      recordingId,
      status: recording.status,
      downloadUrl: uploaded?.downloadUrl ?? null,
      audioDownloadUrl: uploaded?.audioDownloadUrl ?? null,
      downloadUrlExpiry: uploaded?.expiresAt?.toISOString() ?? null,
      startedTime: startedAt === null ? null : new Date(startedAt).toISOString(),
      stoppedTime: ended ? new Date(ended.stoppedAt).toISOString() : null,
      fileSize: uploaded ? String(uploaded.fileBytes) : null,
      outputFileName,
      meetingId: session.meetingId,
      recordingDuration: ended ? wholeSeconds(ended.recordedMs) : 0,
      organizationId: session.appId,
      roomUUID: session.sessionId,
      ...(ended?.stop && { stopReason: stopReason(ended.stop) }),
      ...(recording.status === 'ERRORED' && { errMessage: recording.error.message }),
    },
  });
}

export interface WebhookLivestream {
  livestreamId: LivestreamId;
  livestream: Livestream;
  manualIngest: boolean;
  playbackUrl: string;
  ingestServer: string;
  streamKey: string;
}

/** The words of the live service: what is invoked has nothing to show yet, and what is over is gone. */
const STATUS_OF_LIVESTREAM = {
  INVOKED: 'IDLE',
  LIVE: 'LIVE',
  INTERRUPTED: 'IDLE',
  ENDED: 'OFFLINE',
  ERRORED: 'OFFLINE',
} as const;

/** Flat, and with a meeting that does not say its session (features.md WP07); `errMessage` is an addition of ours. */
export function livestreamStatusUpdate(
  session: WebhookSession,
  update: WebhookLivestream,
): QueuedWebhookEvent {
  const { sessionId, startedAt, endedAt, ...ofMeeting } = meeting(session);
  const { event, ...fields } = livestreamFields(update);
  return {
    appId: session.appId,
    sessionId: session.sessionId,
    event,
    payload: { event, ...fields, meeting: ofMeeting },
  };
}

/** The same for a livestream of no meeting; the events of one run come in order. */
export function ownLivestreamStatusUpdate(
  appId: AppId,
  runId: LivestreamSessionId,
  update: WebhookLivestream,
): QueuedWebhookEvent {
  const { event, ...fields } = livestreamFields(update);
  return { appId, sessionId: runId, event, payload: { event, ...fields, meeting: null } };
}

function livestreamFields({ livestreamId, livestream, ...addresses }: WebhookLivestream) {
  return {
    event: 'livestreaming.statusUpdate' as const,
    streamId: livestreamId,
    status: STATUS_OF_LIVESTREAM[livestream.status],
    ...addresses,
    ...(livestream.status === 'ERRORED' && { errMessage: livestream.error.message }),
  };
}

const wholeSeconds = (ms: number): number => Math.round(ms / 1000);

function stopReason({ reason, caller }: StopReason) {
  if (!caller) return { reason };
  const named = caller.type === 'USER' && { user_Id: caller.participantId, name: caller.name };
  return { reason, caller: { type: caller.type, ...named } };
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
