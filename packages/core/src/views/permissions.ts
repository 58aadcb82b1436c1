import { type preset, room } from '@parley/wire';
import type { Permissions, PermissionsPatch } from '../preset.js';

/**
 * Permission patches between their two spellings: RealtimeKit's presets write snake case and words, the wire
 * writes camel case and numbers (features.md S36, S37).
 */

const STREAM = { ALLOWED: 1, NOT_ALLOWED: 2, CAN_REQUEST: 3 } as const;
const WAITING_ROOM = { SKIP: 1, ON_PRIVILEGED_USER_ENTRY: 2, SKIP_ON_ACCEPT: 3 } as const;

const ENUMS: Record<string, Record<string, number>> = {
  can_produce: STREAM,
  waiting_room_type: WAITING_ROOM,
  recorder_type: room.RecorderType,
};

/**
 * The patch as messages carry it. A patch of polls always says whether polls may be viewed, or the client would
 * drop its polls and stop listening (protocol.md 15).
 */
export function wirePatch(patch: PermissionsPatch, current: Permissions): preset.PresetUpdates {
  const complete: PermissionsPatch = patch.polls
    ? { ...patch, polls: { can_view: current.polls.can_view, ...patch.polls } }
    : patch;
  return convert(complete, toCamelCase, toNumber) as unknown as preset.PresetUpdates;
}

/**
 * The fields that are present; unknown enum numbers are left out, as the SDK leaves them out, and so is the
 * permission to consume, which no preset has.
 */
export function patchFromWire(updates: preset.PresetUpdates): PermissionsPatch {
  return convert(updates, toSnakeCase, toWord) as PermissionsPatch;
}

function convert(
  source: object,
  rename: (key: string) => string,
  translate: (key: string, value: unknown) => unknown,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(source)) {
    if (typeof value === 'object' && value !== null) {
      const inner = convert(value, rename, translate);
      if (Object.keys(inner).length > 0) result[rename(key)] = inner;
      continue;
    }
    const translated = value === undefined ? undefined : translate(key, value);
    if (translated !== undefined) result[rename(key)] = translated;
  }
  return result;
}

const toNumber = (key: string, value: unknown): unknown => ENUMS[key]?.[value as string] ?? value;

function toWord(key: string, value: unknown): unknown {
  if (key === 'canConsume') return undefined;
  const words = ENUMS[toSnakeCase(key)];
  return words ? Object.keys(words).find((word) => words[word] === value) : value;
}

const toCamelCase = (key: string): string =>
  key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const toSnakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
