import { z } from '@hono/zod-openapi';
import { pagingQuery } from '../../http/pagination.js';
import { querySearch } from '../../http/query.js';
import { presetConfig, presetPermissions, presetUi } from '../../presets/schema.js';
import { isoTime, uuid } from './envelope.js';

export const presetList = z.strictObject({ ...pagingQuery, search: querySearch.optional() });

/**
 * Any part of a preset, at any depth (P02). Only the top is judged here: what the change results in must be a
 * whole preset and is judged as one.
 */
const anyPart = z.record(z.string(), z.unknown());
export const presetPatch = z.strictObject({
  name: z.string().optional(),
  config: anyPart.optional(),
  permissions: anyPart.optional(),
  ui: anyPart.optional(),
});
export type PresetPatch = z.infer<typeof presetPatch>;

const head = { id: uuid, name: z.string(), created_at: isoTime, updated_at: isoTime };

export const presetListItem = z.object(head).openapi('PresetListItem');
export type PresetListItem = z.infer<typeof presetListItem>;

export const presetView = z
  .object({ ...head, config: presetConfig, permissions: presetPermissions, ui: presetUi })
  .openapi('Preset');
export type PresetView = z.infer<typeof presetView>;
