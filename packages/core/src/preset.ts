/**
 * A preset as the rules of a session see it (features.md section 5B). Field names are RealtimeKit's own, so that
 * the preset of the management API fits without a mapping; fields that no rule reads are left out.
 */

export type ViewType = 'GROUP_CALL' | 'WEBINAR' | 'AUDIO_ROOM' | 'LIVESTREAM' | 'CHAT';
export type StreamPermission = 'ALLOWED' | 'NOT_ALLOWED' | 'CAN_REQUEST';
export type WaitingRoomType = 'SKIP' | 'ON_PRIVILEGED_USER_ENTRY' | 'SKIP_ON_ACCEPT';
export type RecorderType = 'NONE' | 'RECORDER' | 'LIVESTREAMER';

export interface Permissions {
  accept_waiting_requests: boolean;
  can_accept_production_requests: boolean;
  accept_stage_requests?: boolean | undefined;
  can_change_participant_permissions: boolean;
  can_edit_display_name: boolean;
  can_livestream: boolean;
  can_record: boolean;
  can_spotlight: boolean;
  disable_participant_audio: boolean;
  disable_participant_screensharing: boolean;
  disable_participant_video: boolean;
  hidden_participant: boolean;
  is_recorder?: boolean | undefined;
  kick_participant: boolean;
  pin_participant: boolean;
  recorder_type: RecorderType;
  show_participant_list: boolean;
  stage_access?: StreamPermission | undefined;
  stage_enabled?: boolean | undefined;
  transcription_enabled?: boolean | undefined;
  waiting_room_type: WaitingRoomType;
  chat: {
    public: { can_send: boolean; text: boolean; files: boolean };
    private: { can_send: boolean; can_receive: boolean; text: boolean; files: boolean };
  };
  connected_meetings: {
    can_alter_connected_meetings: boolean;
    can_switch_connected_meetings: boolean;
    can_switch_to_parent_meeting: boolean;
  };
  media: Record<'audio' | 'video' | 'screenshare', { can_produce: StreamPermission }>;
  plugins: { can_start: boolean; can_close: boolean };
  polls: { can_create: boolean; can_vote: boolean; can_view: boolean };
}

export interface Preset {
  id: string;
  name: string;
  viewType: ViewType;
  maxScreenshareCount: number;
  permissions: Permissions;
}

/** A deep partial of the permissions: what a host may change for the rest of the session (features.md S36). */
export type PermissionsPatch = {
  [K in keyof Permissions]?: Permissions[K] extends object ? DeepPartial<Permissions[K]> : Permissions[K];
};

type DeepPartial<T> = { [K in keyof T]?: T[K] extends object ? DeepPartial<T[K]> : T[K] };

/** Its people connect media on the stage alone, and watch it as HLS otherwise (protocol.md 10). */
export const isLivestream = (preset: Preset): boolean => preset.viewType === 'LIVESTREAM';

/** The SDK forces the stage on for these view types (rest-api.md 3.3). */
export function isStageEnabled(preset: Preset): boolean {
  return preset.permissions.stage_enabled === true || preset.viewType === 'WEBINAR' || isLivestream(preset);
}

/** Explicit, or derived from the media permissions as the SDK derives it (rest-api.md 3.3). */
export function stageAccess(permissions: Permissions): StreamPermission {
  if (permissions.stage_access !== undefined) return permissions.stage_access;
  const produce = Object.values(permissions.media).map((kind) => kind.can_produce);
  if (produce.includes('ALLOWED')) return 'ALLOWED';
  return produce.includes('CAN_REQUEST') ? 'CAN_REQUEST' : 'NOT_ALLOWED';
}

/** Whether somebody moderates the stage, as the SDK works it out (features.md R11). */
export function mayAcceptStageRequests(permissions: Permissions, preset: Preset): boolean {
  const may = permissions.accept_stage_requests || permissions.can_accept_production_requests;
  return may && isStageEnabled(preset);
}

/** Recorders and livestreamers serve the session without being part of it (features.md R32, L13). */
export function isBot(permissions: Permissions): boolean {
  return permissions.is_recorder === true || permissions.recorder_type !== 'NONE';
}

/** A copy of the permissions with the fields of the patch put in; neither argument is changed. */
export function patchPermissions(permissions: Permissions, patch: PermissionsPatch): Permissions {
  return merge(permissions, patch) as Permissions;
}

export function mergePatches(first: PermissionsPatch, second: PermissionsPatch): PermissionsPatch {
  return merge(first, second) as PermissionsPatch;
}

function merge(base: object, patch: object): object {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const old = merged[key];
    merged[key] = isPlainObject(value) && isPlainObject(old) ? merge(old, value) : value;
  }
  return merged;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
