import { type Identity, isOver, type Permissions, type TimeLimits, tidy, type ViewType } from '@parley/core';
import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import { ApiError } from '../http/errors.js';
import type { AppId, MeetingId, ParticipantId, PeerId, PresetId, SessionId } from '../ids.js';
import type { PresetConfig } from '../presets/schema.js';
import type { RecordingSettings } from '../recordings/order.js';
import type { ParticipantClaims } from '../tokens/participant-tokens.js';
import { assertNotBlocked } from './blocks.js';
import { findRecorder } from './recorder-admission.js';

const MINUTE_MS = 60_000;

/** What a session takes over from its meeting when it starts (features.md C11). */
export interface MeetingInfo {
  meetingId: MeetingId;
  /** Of a connected meeting: the main meeting, whose participants come in here. Null for every other meeting. */
  mainMeetingId: MeetingId | null;
  appId: AppId;
  appName: string;
  title: string;
  status: 'ACTIVE' | 'INACTIVE';
  keepAliveSecs: number;
  /** The next sessions' participants read the public messages of the earlier ones (features.md H16). */
  persistChat: boolean;
  /** Only who is in the session may join. */
  locked: boolean;
  /** Null without a limit of the backend's. */
  maxParticipants: number | null;
  limits: TimeLimits;
  /** From `recording_config` of app and meeting, when each session is to be recorded from its start (features.md RC01). */
  recordOnStart: RecordingSettings | null;
  livestreamOnStart: boolean;
}

/** What a query needs of `meetings` and `apps` for `toMeetingInfo`. */
export const MEETING_COLUMNS = [
  'meetings.id as meeting_id',
  'meetings.parent_meeting_id',
  'meetings.title as meeting_title',
  'meetings.status as meeting_status',
  'meetings.session_keep_alive_time_in_secs',
  'meetings.persist_chat',
  'meetings.locked',
  'meetings.max_participants',
  'meetings.max_session_minutes',
  'meetings.ends_at',
  'meetings.record_on_start',
  'meetings.live_stream_on_start',
  'meetings.recording_config',
  'apps.recording_config as app_recording_config',
  'apps.id as app_id',
  'apps.name as app_name',
] as const;

export interface MeetingColumns {
  meeting_id: MeetingId;
  parent_meeting_id: MeetingId | null;
  meeting_title: string | null;
  meeting_status: 'ACTIVE' | 'INACTIVE';
  session_keep_alive_time_in_secs: number;
  persist_chat: boolean;
  locked: boolean | null;
  max_participants: number | null;
  max_session_minutes: number | null;
  ends_at: Date | null;
  record_on_start: boolean;
  live_stream_on_start: boolean;
  recording_config: object | null;
  app_recording_config: object | null;
  app_id: AppId;
  app_name: string;
}

export const toMeetingInfo = (row: MeetingColumns): MeetingInfo => ({
  meetingId: row.meeting_id,
  mainMeetingId: row.parent_meeting_id,
  appId: row.app_id,
  appName: row.app_name,
  title: row.meeting_title ?? '',
  status: row.meeting_status,
  keepAliveSecs: row.session_keep_alive_time_in_secs,
  persistChat: row.persist_chat,
  locked: row.locked ?? false,
  maxParticipants: row.max_participants,
  limits: {
    maxSessionMs: row.max_session_minutes === null ? null : row.max_session_minutes * MINUTE_MS,
    endsAt: row.ends_at?.getTime() ?? null,
  },
  recordOnStart: row.record_on_start ? { ...row.app_recording_config, ...row.recording_config } : null,
  livestreamOnStart: row.live_stream_on_start,
});

/** The meeting as it is now; null when there is none. */
export async function loadMeeting(db: Kysely<Database>, meetingId: MeetingId): Promise<MeetingInfo | null> {
  const row = await db
    .selectFrom('meetings')
    .innerJoin('apps', 'apps.id', 'meetings.app_id')
    .select(MEETING_COLUMNS)
    .where('meetings.id', '=', meetingId)
    .executeTakeFirst();
  return row ? toMeetingInfo(row) : null;
}

/** A participant who holds a valid token, with the preset as it is now (rest-api.md part 4). */
export interface Admission {
  /** Of a recording of this session: it comes in whatever the door says, and starts no session. */
  isRecorder?: true;
  meeting: MeetingInfo;
  participant: {
    id: ParticipantId;
    customParticipantId: string;
    name: string | null;
    picture: string | null;
  };
  /** The own preset, or the one that a host has given together with the place in this meeting. */
  preset: { id: PresetId; name: string; config: PresetConfig; permissions: Permissions; ui: object };
  /**
   * The live session of the main meeting in which the participant was moved to this meeting. Who was moved passes its
   * lock, its waiting room and its size; and there is no other way into a connected meeting.
   */
  movedIn: SessionId | null;
}

/**
 * Looks up who a token belongs to. Each way to fail has a reason of its own, so that a developer can tell them
 * apart, and a status that the SDK maps to error 0004 (features.md SE13, Q08): `participant_unknown` and
 * `token_revoked` 404, `other_meeting` and `participant_blocked` 403. Whether the meeting takes joins is for the
 * caller to judge.
 */
export async function loadAdmission(
  db: Kysely<Database>,
  claims: ParticipantClaims,
  now: Date,
): Promise<Admission> {
  const row = await db
    .selectFrom('participants')
    .innerJoin('meetings', (join) => join.on('meetings.id', '=', claims.meetingId))
    .innerJoin('apps', 'apps.id', 'meetings.app_id')
    .leftJoin('connected_places as place', (join) =>
      join
        .onRef('place.participant_id', '=', 'participants.id')
        .onRef('place.meeting_id', '=', 'meetings.id'),
    )
    .leftJoin('sessions as main_session', (join) =>
      join.onRef('main_session.id', '=', 'place.main_session_id').on('main_session.status', '=', 'LIVE'),
    )
    .innerJoin('presets as own_preset', 'own_preset.id', 'participants.preset_id')
    .leftJoin('presets as given_preset', (join) =>
      join.onRef('given_preset.id', '=', 'place.preset_id').on('main_session.id', 'is not', null),
    )
    .innerJoin('presets', (join) =>
      join.on((eb) => eb('presets.id', '=', eb.fn.coalesce('given_preset.id', 'own_preset.id'))),
    )
    .select([
      'participants.meeting_id as own_meeting_id',
      'place.meeting_id as place',
      'main_session.id as main_session_id',
      'participants.id as participant_id',
      'participants.custom_participant_id',
      'participants.name as participant_name',
      'participants.picture',
      'participants.deleted_at',
      ...MEETING_COLUMNS,
      'presets.id as preset_id',
      'presets.name as preset_name',
      'presets.config',
      'presets.permissions',
      'presets.ui',
    ])
    .where('participants.id', '=', claims.participantId)
    .executeTakeFirst();
  const recorder = row ? null : await findRecorder(db, claims);
  const recorded = recorder && (await loadMeeting(db, claims.meetingId));
  if (recorder && recorded) {
    return { isRecorder: true, meeting: { ...recorded, locked: false }, movedIn: null, ...recorder };
  }
  if (!row || row.app_id !== claims.orgId) {
    throw new ApiError(404, 'The token belongs to no participant', undefined, 'participant_unknown');
  }
  const mainMeetingId = row.parent_meeting_id;
  const isOwn = row.own_meeting_id === row.meeting_id;
  if (!isOwn && (row.own_meeting_id !== mainMeetingId || row.place === null)) throw otherMeeting();
  if (row.deleted_at) {
    throw new ApiError(404, 'The participant was deleted and the token revoked', undefined, 'token_revoked');
  }
  await assertNotBlocked(
    db,
    { appId: row.app_id, meetingIds: [row.own_meeting_id, row.meeting_id] },
    { id: row.participant_id, customParticipantId: row.custom_participant_id },
    now,
  );
  return {
    meeting: toMeetingInfo(row),
    participant: {
      id: row.participant_id,
      customParticipantId: row.custom_participant_id,
      name: row.participant_name,
      picture: row.picture,
    },
    preset: {
      id: row.preset_id,
      name: row.preset_name,
      config: row.config as PresetConfig,
      permissions: row.permissions as Permissions,
      ui: row.ui,
    },
    movedIn: row.main_session_id,
  };
}

/** The token would open another door than the one it is shown at (features.md C12). */
export const otherMeeting = (field?: string) =>
  new ApiError(403, 'The token is for another meeting', field, 'other_meeting');

/**
 * Joins and new sessions need an ACTIVE meeting (features.md L18, E23) whose time is not over; a recorder needs its
 * session alone.
 */
export function assertOpen({ meeting, isRecorder }: Admission, now: Date): void {
  if (isRecorder) return;
  if (meeting.status !== 'ACTIVE') {
    throw new ApiError(403, 'The meeting is inactive', undefined, 'meeting_inactive');
  }
  if (isOver(meeting.limits.endsAt, now.getTime())) {
    throw new ApiError(403, 'The time of the meeting is over', undefined, 'meeting_over');
  }
}

/** Who was moved back to the main room has never been outside of the meeting: no INACTIVE status keeps him out. */
export const isComingBack = ({ meeting, movedIn }: Admission): boolean =>
  movedIn !== null && meeting.mainMeetingId === null;

export const meetingLocked = () => new ApiError(403, 'The meeting is locked', undefined, 'meeting_locked');

/** `displayName` is what the client asks for, where the preset lets him choose (features.md R29). */
export function identityOf(admission: Admission, peerId: PeerId, displayName: string): Identity {
  const { participant, preset } = admission;
  const isReadable = tidy(displayName, displayName.length).trim() !== '';
  const mayRename = preset.permissions.can_edit_display_name && isReadable;
  return {
    peerId,
    participantId: participant.id,
    customParticipantId: participant.customParticipantId,
    displayName: mayRename ? displayName : (participant.name ?? ''),
    picture: participant.picture,
    preset: {
      id: preset.id,
      name: preset.name,
      viewType: preset.config.view_type as ViewType,
      maxScreenshareCount: preset.config.max_screenshare_count,
      permissions: preset.permissions,
    },
  };
}
