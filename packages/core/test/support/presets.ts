import type { Permissions, PermissionsPatch, Preset, ViewType } from '@parley/core';

const mayProduce = (can_produce: 'ALLOWED' | 'NOT_ALLOWED' | 'CAN_REQUEST'): Permissions['media'] => ({
  audio: { can_produce },
  video: { can_produce },
  screenshare: { can_produce },
});

/** Speaks, chats and votes, and has no power over others. */
const GUEST: Permissions = {
  accept_waiting_requests: false,
  can_accept_production_requests: false,
  can_change_participant_permissions: false,
  can_edit_display_name: true,
  can_livestream: false,
  can_record: false,
  can_spotlight: false,
  disable_participant_audio: false,
  disable_participant_screensharing: false,
  disable_participant_video: false,
  hidden_participant: false,
  kick_participant: false,
  pin_participant: false,
  recorder_type: 'NONE',
  show_participant_list: true,
  waiting_room_type: 'SKIP',
  chat: {
    public: { can_send: true, text: true, files: true },
    private: { can_send: true, can_receive: true, text: true, files: true },
  },
  connected_meetings: {
    can_alter_connected_meetings: false,
    can_switch_connected_meetings: false,
    can_switch_to_parent_meeting: false,
  },
  media: mayProduce('ALLOWED'),
  plugins: { can_start: true, can_close: true },
  polls: { can_create: true, can_vote: true, can_view: true },
};

/** Every right over the others. */
const HOST_RIGHTS: PermissionsPatch = {
  accept_waiting_requests: true,
  can_accept_production_requests: true,
  can_change_participant_permissions: true,
  can_spotlight: true,
  disable_participant_audio: true,
  disable_participant_screensharing: true,
  disable_participant_video: true,
  kick_participant: true,
  pin_participant: true,
};

interface PresetOptions {
  name?: string;
  viewType?: ViewType;
  maxScreenshareCount?: number;
}

/** A guest's preset with the given permissions put in, at every depth. */
export function guest(permissions: PermissionsPatch = {}, options: PresetOptions = {}): Preset {
  const { name = 'guest', viewType = 'GROUP_CALL', maxScreenshareCount = 1 } = options;
  return {
    id: `preset-${name}`,
    name,
    viewType,
    maxScreenshareCount,
    permissions: put(GUEST, permissions),
  };
}

export function host(permissions: PermissionsPatch = {}, options: PresetOptions = {}): Preset {
  return guest({ ...HOST_RIGHTS, ...permissions }, { name: 'host', ...options });
}

/** May go on stage at once and lets others on it (features.md G14). */
export function presenter(permissions: PermissionsPatch = {}, viewType: ViewType = 'WEBINAR'): Preset {
  return host(
    { stage_access: 'ALLOWED', media: mayProduce('ALLOWED'), ...permissions },
    { name: 'presenter', viewType },
  );
}

/** Must ask for the stage. */
export function viewer(permissions: PermissionsPatch = {}, viewType: ViewType = 'WEBINAR'): Preset {
  return guest(
    { stage_access: 'CAN_REQUEST', media: mayProduce('CAN_REQUEST'), ...permissions },
    { name: 'viewer', viewType },
  );
}

function put<T extends object>(base: T, patch: object): T {
  const result: Record<string, unknown> = Object.fromEntries(Object.entries(base));
  for (const [key, value] of Object.entries(patch)) {
    const old = result[key];
    const both = isObject(old) && isObject(value);
    result[key] = both ? put(old, value) : value;
  }
  return result as T;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
