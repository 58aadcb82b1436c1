import type { PresetId } from '../ids.js';
import { defaultPresets } from './defaults.js';
import type { PresetBody, PresetPermissions } from './schema.js';

/** An app that has a preset of this name gives its recorders their look (features.md RC36). */
export const RECORDER_PRESET_NAME = 'recorder_preset_v2';

/** Of the built-in preset, which is in no table and no list. */
export const RECORDER_PRESET_ID = '00000000-0000-7000-8000-000000000001' as PresetId;

const guest = defaultPresets.find(({ name }) => name === 'group_call_participant')!;

/**
 * What a recorder is in any case: hidden, let in at once, and without any power or voice (features.md R31, R32). The
 * preset of an app may forget one of these, and people would see a stranger.
 */
export const asRecorder = (
  permissions: PresetPermissions,
  recorderType: 'RECORDER' | 'LIVESTREAMER',
): PresetPermissions => ({
  ...permissions,
  hidden_participant: true,
  is_recorder: true,
  recorder_type: recorderType,
  waiting_room_type: 'SKIP',
  accept_waiting_requests: false,
  media: {
    audio: { can_produce: 'NOT_ALLOWED' },
    video: { can_produce: 'NOT_ALLOWED' },
    screenshare: { can_produce: 'NOT_ALLOWED' },
  },
});

/** Most tiles of a recording's grid. */
const TILES_MAX = 16;

export const recorderPreset: PresetBody = {
  ...guest,
  name: RECORDER_PRESET_NAME,
  config: { ...guest.config, max_video_streams: { desktop: TILES_MAX, mobile: TILES_MAX } },
  permissions: {
    ...guest.permissions,
    can_edit_display_name: false,
    chat: { ...guest.permissions.chat, public: { can_send: false, text: false, files: false } },
    plugins: { can_start: false, can_close: false, can_edit_config: false, config: {} },
    polls: { can_create: false, can_vote: false, can_view: true },
  },
};
