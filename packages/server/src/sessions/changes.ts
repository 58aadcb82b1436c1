import {
  changeLivestream,
  changeRecording,
  countsAsParticipant,
  type DurableEvent,
  type Identity,
  type Livestream,
  type MeetingState,
  type MovedTo,
  type NewLivestream,
  type Peer,
  type Recording,
} from '@parley/core';
import type {
  AppId,
  LivestreamId,
  LivestreamSessionId,
  MeetingId,
  PeerId,
  RecordingId,
  SessionId,
} from '../ids.js';
import type { LivestreamOrder } from '../livestreams/order.js';
import type { LivestreamWrite } from '../livestreams/write-livestreams.js';
import type { RecordingCue } from '../recordings/cues.js';
import type { RecordingOrder } from '../recordings/order.js';
import type { RecordingWrite } from '../recordings/write-recordings.js';
import type { QueuedWebhookEvent } from '../webhooks/outbox.js';
import {
  livestreamStatusUpdate,
  meetingEnded,
  meetingStarted,
  participantJoined,
  participantLeft,
  recordingStatusUpdate,
  type WebhookSession,
} from '../webhooks/payloads.js';
import type { MeetingInfo } from './meeting-info.js';

/** What the record of a live session says beyond its state; kept beside the state and written with each change. */
export interface SessionRecord {
  sessionId: SessionId;
  meetingId: MeetingId;
  appId: AppId;
  appName: string;
  title: string;
  /** For a session of a connected meeting: the session of the main meeting that it belongs to. */
  parentSessionId: SessionId | null;
  keepAliveSecs: number;
  startedAt: Date;
  /** Number of the last event in the log. */
  lastSeq: number;
  /** Peers that count as participants now, and their peak (features.md L08). */
  live: number;
  peak: number;
  /** Minutes of those who have left; a peer's minutes run from its join to its leave (features.md PA02). */
  minutes: number;
}

/** What webhooks say beyond what the changes know. */
export interface WebhookSources {
  /** Where the chat of a session that has ended can be loaded from. */
  chatLink(sessionId: SessionId, endedAt: Date): { url: string; expiresAt: Date };
  /** The key of a livestream's encoder, from its sealed form; empty where it is left out (features.md Q26). */
  streamKey(id: LivestreamId, sealed: string): string;
  /** Where encoders send to; empty without a port for them. */
  ingestServer: string;
}

/** Everything that one transaction has to write for some events of one session. */
export interface Changes {
  record: SessionRecord;
  /** `record.lastSeq` before these events: the guard against a second writer. */
  expectedSeq: number;
  at: Date;
  started: boolean;
  ended: { at: Date; reason: string } | null;
  log: { seq: number; at: Date; event: DurableEvent }[];
  joined: { seq: number; peer: Identity; at: Date }[];
  /** Those who left before the end; the end itself takes all who are still in. */
  left: { seq: number; peer: Peer; at: Date; reason: string }[];
  /** Those of them who were moved to a connected meeting. */
  moved: { peer: Peer; to: MovedTo; at: Date }[];
  chat: { seq: number; event: ChatEvent }[];
  recordings: RecordingWrite[];
  cues: RecordingCue[];
  livestreams: LivestreamWrite[];
  /** Made only for apps that have webhooks: the end of a big session is a thousand of them. */
  webhooks: ((sources: WebhookSources) => QueuedWebhookEvent)[];
}

type ChatEvent = Extract<
  DurableEvent,
  { type: 'ChatMessageSent' | 'ChatMessageEdited' | 'ChatMessageDeleted' | 'ChatMessagePinned' }
>;

export function startRecord(
  meeting: MeetingInfo,
  event: Extract<DurableEvent, { type: 'SessionStarted' }>,
): SessionRecord {
  return {
    sessionId: event.sessionId as SessionId,
    meetingId: meeting.meetingId,
    appId: meeting.appId,
    appName: meeting.appName,
    title: event.title,
    parentSessionId: (event.mainSessionId as SessionId | undefined) ?? null,
    keepAliveSecs: Math.round(event.keepAliveMs / 1000),
    startedAt: new Date(event.at),
    lastSeq: 0,
    live: 0,
    peak: 0,
    minutes: 0,
  };
}

export function noChanges(record: SessionRecord): Changes {
  return {
    record,
    expectedSeq: record.lastSeq,
    at: record.startedAt,
    started: false,
    ended: null,
    log: [],
    joined: [],
    left: [],
    moved: [],
    chat: [],
    recordings: [],
    cues: [],
    livestreams: [],
    webhooks: [],
  };
}

/**
 * Adds what an event means for the record. To be called before the event is applied: of a peer that leaves, the
 * state still knows who it was. Recorders are in no record and no webhook (features.md R32).
 */
export function addEvent(changes: Changes, state: MeetingState, event: DurableEvent): void {
  const { record } = changes;
  const at = new Date(event.at);
  record.lastSeq++;
  changes.at = at;
  changes.log.push({ seq: record.lastSeq, at, event });
  switch (event.type) {
    case 'SessionStarted':
      changes.started = true;
      changes.webhooks.push(() => meetingStarted(webhookSession(record)));
      return;
    case 'PeerJoined':
      if (!countsAsParticipant(event.peer)) return;
      record.live++;
      record.peak = Math.max(record.peak, record.live);
      changes.joined.push({ seq: record.lastSeq, peer: event.peer, at });
      changes.webhooks.push(() => participantJoined(webhookSession(record), webhookPeer(event.peer, at)));
      return;
    case 'PeerLeft': {
      const peer = state.session?.peers.get(event.peerId);
      if (peer && event.movedTo) changes.moved.push({ peer, to: event.movedTo, at });
      if (!peer || !countsAsParticipant(peer)) return;
      changes.left.push({ seq: record.lastSeq, peer, at, reason: event.reason });
      countLeave(changes, peer, at, null);
      return;
    }
    case 'SessionEnded':
      for (const peerId of event.peerIds) {
        const peer = state.session?.peers.get(peerId);
        if (peer && countsAsParticipant(peer)) countLeave(changes, peer, at, at);
      }
      changes.ended = { at, reason: event.reason };
      changes.webhooks.push(() => meetingEnded({ ...webhookSession(record), endedAt: at }, event.reason));
      return;
    case 'ChatMessageSent':
    case 'ChatMessageEdited':
    case 'ChatMessageDeleted':
    case 'ChatMessagePinned':
      changes.chat.push({ seq: record.lastSeq, event });
      return;
    case 'RecordingInvoked': {
      const { recording, start } = event;
      changes.recordings.push({ kind: 'invoked', at, recording, start });
      noteRecording(changes, recording.id, recording.order, { status: 'INVOKED' });
      return;
    }
    case 'RecordingChanged': {
      const active = state.session?.recordings.get(event.recordingId);
      const recording = active && changeRecording(active.recording, event.change, event.at);
      if (!recording) return;
      changes.recordings.push({ kind: 'changed', recordingId: event.recordingId as RecordingId, recording });
      noteRecording(changes, event.recordingId, active.order, recording);
      return;
    }
    case 'RecordingCueAdded': {
      const { recordingId, text } = event;
      changes.cues.push({ recordingId: recordingId as RecordingId, seq: record.lastSeq, at, text });
      return;
    }
    case 'LivestreamInvoked': {
      const { livestream } = event;
      changes.livestreams.push({ kind: 'invoked', at, livestream });
      noteLivestream(changes, livestream, { status: 'INVOKED' });
      return;
    }
    case 'LivestreamChanged': {
      const active = state.session?.livestream;
      const livestream = active && changeLivestream(active.livestream, event.change, event.at);
      if (!livestream) return;
      const id = event.livestreamSessionId as LivestreamSessionId;
      const livestreamId = event.livestreamId as LivestreamId;
      changes.livestreams.push({ kind: 'changed', at, id, livestreamId, livestream });
      noteLivestream(changes, active, livestream);
    }
  }
}

/** A webhook for each change of a recording, in order (features.md WP06). */
function noteRecording({ record, webhooks }: Changes, id: string, order: object, recording: Recording): void {
  const { outputFileName } = order as RecordingOrder;
  webhooks.push(() =>
    recordingStatusUpdate(webhookSession(record), {
      recordingId: id as RecordingId,
      outputFileName,
      recording,
    }),
  );
}

/** The same for the livestream (features.md WP07). */
function noteLivestream(
  { record, webhooks }: Changes,
  { livestreamId, manualIngest, playbackUrl, order }: NewLivestream,
  livestream: Livestream,
): void {
  const { streamKey } = order as LivestreamOrder;
  webhooks.push((sources) =>
    livestreamStatusUpdate(webhookSession(record), {
      livestreamId: livestreamId as LivestreamId,
      livestream,
      manualIngest,
      playbackUrl,
      ingestServer: sources.ingestServer,
      streamKey: sources.streamKey(livestreamId as LivestreamId, streamKey),
    }),
  );
}

function countLeave(changes: Changes, peer: Peer, at: Date, endedAt: Date | null): void {
  const { record } = changes;
  record.live--;
  record.minutes += (at.getTime() - peer.joinedAt) / 60_000;
  changes.webhooks.push(() => {
    const session = { ...webhookSession(record), endedAt };
    return participantLeft(session, webhookPeer(peer, new Date(peer.joinedAt)), at);
  });
}

export function webhookSession(record: SessionRecord): WebhookSession {
  const { appId, appName, meetingId, sessionId, title, startedAt } = record;
  return { appId, appName, meetingId, sessionId, title, createdAt: startedAt, startedAt };
}

function webhookPeer(peer: Identity, joinedAt: Date) {
  const { displayName, customParticipantId } = peer;
  return { peerId: peer.peerId as PeerId, displayName, customParticipantId, joinedAt };
}
