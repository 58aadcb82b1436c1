import { describe, expect, it } from 'vitest';
import { defaultPresets } from '../../../src/presets/defaults.js';
import { presetBody } from '../../../src/presets/schema.js';

type JsonObject = Record<string, unknown>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every object of the preset with its path, the preset itself first. */
function* objectsOf(value: unknown, path: string[] = []): Generator<[string[], JsonObject]> {
  if (!isObject(value)) return;
  yield [path, value];
  for (const [key, child] of Object.entries(value)) yield* objectsOf(child, [...path, key]);
}

const at = (root: JsonObject, path: string[]): JsonObject =>
  path.reduce((node, key) => node[key] as JsonObject, root);

const copyOf = (preset: object): JsonObject => structuredClone(preset) as JsonObject;

const template = defaultPresets[0]!;
const OPTIONAL = new Set([
  'config.media.audio',
  'config.media.audio.enable_stereo',
  'config.media.audio.enable_high_bitrate',
  'config.media.video.simulcast',
  'config.livestream_viewer_qualities',
  'permissions.is_recorder',
  'permissions.recorder_type',
  'permissions.stage_enabled',
  'permissions.stage_access',
  'permissions.accept_stage_requests',
  'permissions.transcription_enabled',
]);

describe('preset schema', () => {
  it.each(defaultPresets.map((preset) => [preset.name, preset] as const))(
    'takes the default preset %s unchanged (C04)',
    (_name, preset) => {
      expect(presetBody.parse(structuredClone(preset))).toEqual(preset);
    },
  );

  it('refuses an unknown key at every depth (P03)', () => {
    for (const [path] of objectsOf(template)) {
      if (path.join('.') === 'permissions.plugins.config') continue;
      const changed = copyOf(template);
      at(changed, path).surprise = true;
      const issue = presetBody.safeParse(changed).error?.issues[0];
      expect(issue, path.join('.')).toMatchObject({ code: 'unrecognized_keys', path, keys: ['surprise'] });
    }
  });

  it('refuses the absence of every required key, naming it (P02)', () => {
    for (const [path, object] of objectsOf(template)) {
      for (const key of Object.keys(object)) {
        const field = [...path, key];
        const changed = copyOf(template);
        delete at(changed, path)[key];
        const result = presetBody.safeParse(changed);
        if (OPTIONAL.has(field.join('.'))) expect(result.success, field.join('.')).toBe(true);
        else expect(result.error?.issues[0]?.path, field.join('.')).toEqual(field);
      }
    }
  });

  it('fills in the documented defaults', () => {
    const sparse = copyOf(template);
    for (const field of OPTIONAL) {
      const path = field.split('.');
      delete at(sparse, path.slice(0, -1))?.[path.at(-1)!];
      if (field === 'config.media.audio') at(sparse, ['config', 'media']).audio = {};
    }
    const preset = presetBody.parse(sparse);
    expect(preset.config.media.audio).toEqual({ enable_stereo: false, enable_high_bitrate: false });
    expect(preset.config.media.video.simulcast).toBe(false);
    expect(preset.permissions).toMatchObject({ is_recorder: false, recorder_type: 'NONE' });
  });

  it('takes the extra keys that the live service takes (P12, P13, R25)', () => {
    const changed = copyOf(template);
    at(changed, ['config']).track_recording = { subscriptions: [] };
    at(changed, ['config']).livestream_viewer_qualities = null;
    at(changed, ['ui']).config_diff = { anything: [1] };
    at(changed, ['permissions', 'chat']).channel = { can_create: 'NONE' };
    at(changed, ['permissions', 'plugins']).config = {
      'ff7c36c1-5a92-4cb0-b4f3-9f6f6bb0d5d1': { access_control: 'VIEW_ONLY', handles_view_only: true, x: 1 },
      'b7f3b8a0-27ee-4c8d-8f7c-0d2d7b6b7c11': 'FULL_ACCESS',
    };
    expect(presetBody.parse(changed)).toEqual(changed);
  });

  it('takes the zeros of the samples in the reference (P07-P12)', () => {
    const changed = copyOf(template);
    at(changed, ['config']).max_screenshare_count = 0;
    at(changed, ['config']).max_video_streams = { desktop: 0, mobile: 0 };
    at(changed, ['config', 'media', 'video']).frame_rate = 0;
    at(changed, ['config', 'media', 'screenshare']).frame_rate = 0;
    at(changed, ['config']).livestream_viewer_qualities = [0];
    expect(presetBody.parse(changed)).toEqual(changed);
  });
});
