import type { PresetBody, PresetConfig, PresetPermissions, PresetUi } from './schema.js';

/**
 * The presets that every new app starts with (features.md C03, C04). The values follow the SDK's own defaults
 * (rest-api.md 1.4.4) with one difference: simulcast is on, because without it a receiver with little bandwidth
 * could be helped only by making the picture worse for everyone.
 */

const ui: PresetUi = {
  design_tokens: {
    border_radius: 'rounded',
    border_width: 'thin',
    spacing_base: 4,
    theme: 'dark',
    colors: {
      brand: { '300': '#023dd0', '400': '#0248f5', '500': '#2160fd', '600': '#3e75fd', '700': '#5c8afe' },
      background: {
        '600': '#222222',
        '700': '#1f1f1f',
        '800': '#1b1b1b',
        '900': '#181818',
        '1000': '#141414',
      },
      danger: '#FF2D2D',
      success: '#62A504',
      warning: '#FFCD07',
      text: '#EEEEEE',
      text_on_brand: '#EEEEEE',
      video_bg: '#191919',
    },
  },
};

const config = (
  viewType: PresetConfig['view_type'],
  livestreamViewerQualities: number[] = [],
): PresetConfig => ({
  view_type: viewType,
  max_screenshare_count: 1,
  max_video_streams: { desktop: 6, mobile: 6 },
  media: {
    audio: { enable_stereo: false, enable_high_bitrate: false },
    video: { quality: 'vga', frame_rate: 30, simulcast: true },
    screenshare: { quality: 'hd', frame_rate: 5 },
  },
  livestream_viewer_qualities: livestreamViewerQualities,
});

const mayProduce = (may: 'ALLOWED' | 'NOT_ALLOWED' | 'CAN_REQUEST'): PresetPermissions['media'] => ({
  audio: { can_produce: may },
  video: { can_produce: may },
  screenshare: { can_produce: may },
});

/** A guest of a group call: speaks, chats and votes, but has no power over others. */
const guest: PresetPermissions = {
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
  show_participant_list: true,
  is_recorder: false,
  recorder_type: 'NONE',
  waiting_room_type: 'SKIP',
  stage_enabled: false,
  accept_stage_requests: false,
  transcription_enabled: false,
  chat: {
    public: { can_send: true, text: true, files: true },
    private: { can_send: false, can_receive: false, text: false, files: false },
  },
  connected_meetings: {
    can_alter_connected_meetings: false,
    can_switch_connected_meetings: false,
    can_switch_to_parent_meeting: false,
  },
  media: mayProduce('ALLOWED'),
  plugins: { can_start: true, can_close: true, can_edit_config: false, config: {} },
  polls: { can_create: true, can_vote: true, can_view: true },
};

/** A host: everything a guest may, private chat, and every right over the others and the meeting. */
const host: PresetPermissions = {
  ...guest,
  accept_waiting_requests: true,
  can_accept_production_requests: true,
  can_change_participant_permissions: true,
  can_livestream: true,
  can_record: true,
  can_spotlight: true,
  disable_participant_audio: true,
  disable_participant_screensharing: true,
  disable_participant_video: true,
  kick_participant: true,
  pin_participant: true,
  accept_stage_requests: true,
  chat: {
    public: { can_send: true, text: true, files: true },
    private: { can_send: true, can_receive: true, text: true, files: true },
  },
  connected_meetings: {
    can_alter_connected_meetings: true,
    can_switch_connected_meetings: true,
    can_switch_to_parent_meeting: true,
  },
  plugins: { can_start: true, can_close: true, can_edit_config: true, config: {} },
};

/** `stage_access` and the three `can_produce` values are set alike, as the webinar guide asks (R12). */
const onStage = (permissions: PresetPermissions, access: 'ALLOWED' | 'CAN_REQUEST' | 'NOT_ALLOWED') => ({
  ...permissions,
  stage_enabled: true,
  stage_access: access,
  media: mayProduce(access),
});

const audience: PresetPermissions = {
  ...guest,
  plugins: { can_start: false, can_close: false, can_edit_config: false, config: {} },
  polls: { can_create: false, can_vote: true, can_view: true },
};

/** Heights in pixels that a livestream viewer may choose from. */
const VIEWER_HEIGHTS_PX = [360, 480, 720];

export const defaultPresets: readonly PresetBody[] = [
  { name: 'group_call_host', config: config('GROUP_CALL'), permissions: host, ui },
  { name: 'group_call_participant', config: config('GROUP_CALL'), permissions: guest, ui },
  { name: 'webinar_presenter', config: config('WEBINAR'), permissions: onStage(host, 'ALLOWED'), ui },
  { name: 'webinar_viewer', config: config('WEBINAR'), permissions: onStage(audience, 'CAN_REQUEST'), ui },
  { name: 'livestream_host', config: config('LIVESTREAM'), permissions: onStage(host, 'ALLOWED'), ui },
  {
    name: 'livestream_viewer',
    config: config('LIVESTREAM', VIEWER_HEIGHTS_PX),
    permissions: onStage(audience, 'CAN_REQUEST'),
    ui,
  },
];
