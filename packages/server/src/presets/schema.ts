import { z } from 'zod';

/**
 * A preset as the management API takes, stores and returns it (features.md P01-P18, R01-R37; rest-api.md 1.4).
 * Unknown keys are refused at every depth (P03); optional keys with a documented default are filled in, so that
 * every reader of a stored preset finds them.
 */

const PRESET_NAME_MAX_CHARS = 255;
const SCREENSHARE_COUNT_MAX = 100;
/** The grid shows at most 100 tiles a page (features.md N08). */
const VIDEO_STREAMS_MAX = 100;
const FRAME_RATE_MAX = 60;
const VIEWER_QUALITIES_MAX = 16;
const DESIGN_TEXT_MAX_CHARS = 2048;
const SPACING_BASE_MAX = 256;

const produce = z.enum(['ALLOWED', 'NOT_ALLOWED', 'CAN_REQUEST']);
const flag = z.boolean();
const count = (max: number) => z.int().min(0).max(max);

const quality = z.enum(['qvga', 'vga', 'hd', 'fhd', 'uhd']);
/** 0, as in the samples of RealtimeKit's reference, leaves the rate to the browser. */
const frameRate = count(FRAME_RATE_MAX);

/** What kind of meeting the holder sees and how much media it shows and sends (P06-P13). */
export const presetConfig = z.strictObject({
  view_type: z.enum(['GROUP_CALL', 'WEBINAR', 'AUDIO_ROOM', 'LIVESTREAM']),
  max_screenshare_count: count(SCREENSHARE_COUNT_MAX),
  max_video_streams: z.strictObject({ desktop: count(VIDEO_STREAMS_MAX), mobile: count(VIDEO_STREAMS_MAX) }),
  media: z.strictObject({
    audio: z
      .strictObject({ enable_stereo: flag.default(false), enable_high_bitrate: flag.default(false) })
      .prefault({}),
    video: z.strictObject({ quality, frame_rate: frameRate, simulcast: flag.default(false) }),
    screenshare: z.strictObject({ quality, frame_rate: frameRate }),
  }),
  livestream_viewer_qualities: z
    .array(z.number().nonnegative())
    .max(VIEWER_QUALITIES_MAX)
    .nullable()
    .default([]),
  track_recording: z.strictObject({ subscriptions: z.array(z.unknown()) }).optional(),
});

/** What the holder may do (R01-R35). The server enforces each; the SDK only shows them. */
export const presetPermissions = z.strictObject({
  accept_waiting_requests: flag,
  can_accept_production_requests: flag,
  can_change_participant_permissions: flag,
  can_edit_display_name: flag,
  can_livestream: flag,
  can_record: flag,
  can_spotlight: flag,
  disable_participant_audio: flag,
  disable_participant_screensharing: flag,
  disable_participant_video: flag,
  hidden_participant: flag,
  kick_participant: flag,
  pin_participant: flag,
  show_participant_list: flag,
  is_recorder: flag.default(false),
  recorder_type: z.enum(['RECORDER', 'LIVESTREAMER', 'NONE']).default('NONE'),
  waiting_room_type: z.enum(['SKIP', 'ON_PRIVILEGED_USER_ENTRY', 'SKIP_ON_ACCEPT']),
  stage_enabled: flag.optional(),
  stage_access: produce.optional(),
  accept_stage_requests: flag.optional(),
  transcription_enabled: flag.optional(),
  chat: z.strictObject({
    public: z.strictObject({ can_send: flag, text: flag, files: flag }),
    private: z.strictObject({ can_send: flag, can_receive: flag, text: flag, files: flag }),
    // Accepted and returned by the live service; no client of today reads them (rest-api.md 1.4).
    channel: z.record(z.string(), z.unknown()).optional(),
    message: z.record(z.string(), z.unknown()).optional(),
  }),
  connected_meetings: z.strictObject({
    can_alter_connected_meetings: flag,
    can_switch_connected_meetings: flag,
    can_switch_to_parent_meeting: flag,
  }),
  media: z.strictObject({
    audio: z.strictObject({ can_produce: produce }),
    video: z.strictObject({ can_produce: produce }),
    screenshare: z.strictObject({ can_produce: produce }),
  }),
  plugins: z.strictObject({
    can_start: flag,
    can_close: flag,
    can_edit_config: flag,
    /** By plugin id; a string is the older shape (R25). */
    config: z.record(
      z.string(),
      z.union([
        z.string(),
        z.looseObject({
          access_control: z.enum(['FULL_ACCESS', 'VIEW_ONLY']).optional(),
          handles_view_only: flag.optional(),
        }),
      ]),
    ),
  }),
  polls: z.strictObject({ can_create: flag, can_vote: flag, can_view: flag }),
});

const colour = z.string().regex(/^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i, 'must be a hex colour');
const designText = z.string().max(DESIGN_TEXT_MAX_CHARS);

/** The theme of the UI Kit (P14). Design tokens come whole: the UI Kit breaks on a partial set. */
export const presetUi = z.strictObject({
  design_tokens: z.strictObject({
    border_radius: z.enum(['sharp', 'rounded', 'extra-rounded', 'circular']),
    border_width: z.enum(['none', 'thin', 'fat']),
    spacing_base: z.number().min(0).max(SPACING_BASE_MAX),
    theme: z.enum(['darkest', 'dark', 'light']),
    logo: designText.optional(),
    font_family: designText.optional(),
    google_font: designText.optional(),
    colors: z.strictObject({
      brand: z.strictObject({ '300': colour, '400': colour, '500': colour, '600': colour, '700': colour }),
      background: z.strictObject({
        '600': colour,
        '700': colour,
        '800': colour,
        '900': colour,
        '1000': colour,
      }),
      danger: colour,
      success: colour,
      warning: colour,
      text: colour,
      text_on_brand: colour,
      video_bg: colour,
    }),
  }),
  config_diff: z.record(z.string(), z.unknown()).optional(),
});

export const presetName = z.string().min(1).max(PRESET_NAME_MAX_CHARS);

/** Body of create and replace; what PATCH must result in. */
export const presetBody = z.strictObject({
  name: presetName,
  config: presetConfig,
  permissions: presetPermissions,
  ui: presetUi,
});

export type PresetConfig = z.output<typeof presetConfig>;
export type PresetPermissions = z.output<typeof presetPermissions>;
export type PresetUi = z.output<typeof presetUi>;
export type PresetBody = z.output<typeof presetBody>;
