import { createRoute, z } from '@hono/zod-openapi';
import { pageOf } from '../http/pagination.js';
import { presetBody } from '../presets/schema.js';
import { type ManagementServices, resourceRouter } from './router.js';
import {
  deletePreset,
  findPresets,
  getPreset,
  insertPreset,
  patchPreset,
  replacePreset,
  toPreset,
  toPresetListItem,
} from './rows/presets.js';
import { answer, jsonBody, ok, okPage, pageAnswer } from './schemas/envelope.js';
import { presetId } from './schemas/ids.js';
import { presetList, presetListItem, presetPatch, presetView } from './schemas/presets.js';

const params = z.object({ preset_id: presetId });

const list = createRoute({
  method: 'get',
  path: '/presets',
  summary: 'List presets',
  request: { query: presetList },
  responses: { 200: pageAnswer('Presets without their content, the newest first.', presetListItem) },
});

const create = createRoute({
  method: 'post',
  path: '/presets',
  summary: 'Create a preset',
  request: { body: jsonBody(presetBody) },
  responses: { 200: answer('The preset.', presetView) },
});

const get = createRoute({
  method: 'get',
  path: '/presets/{preset_id}',
  summary: 'Get a preset',
  request: { params },
  responses: { 200: answer('The preset.', presetView) },
});

const update = createRoute({
  method: 'patch',
  path: '/presets/{preset_id}',
  summary: 'Change any part of a preset, at any depth',
  request: { params, body: jsonBody(presetPatch) },
  responses: { 200: answer('The preset after the change.', presetView) },
});

const replace = createRoute({
  method: 'put',
  path: '/presets/{preset_id}',
  summary: 'Replace a preset',
  request: { params, body: jsonBody(presetBody) },
  responses: { 200: answer('The preset.', presetView) },
});

const remove = createRoute({
  method: 'delete',
  path: '/presets/{preset_id}',
  summary: 'Delete a preset that no participant has',
  request: { params },
  responses: { 200: answer('The deleted preset.', presetView) },
});

/** Presets of an app (features.md P01-P18). A change counts for joins that come after it (OQ13). */
export function presets({ db, clock }: ManagementServices) {
  return resourceRouter()
    .openapi(list, async (c) => {
      const filter = c.req.valid('query');
      const page = pageOf(filter);
      const found = await findPresets(db, c.var.appId, filter, page);
      return c.json(okPage(page, found, toPresetListItem), 200);
    })
    .openapi(create, async (c) => {
      const row = await insertPreset(db, c.var.appId, c.req.valid('json'), clock.now());
      return c.json(ok(toPreset(row)), 200);
    })
    .openapi(get, async (c) => {
      const row = await getPreset(db, c.var.appId, c.req.valid('param').preset_id);
      return c.json(ok(toPreset(row)), 200);
    })
    .openapi(update, async (c) => {
      const id = c.req.valid('param').preset_id;
      const row = await patchPreset(db, c.var.appId, id, c.req.valid('json'), clock.now());
      return c.json(ok(toPreset(row)), 200);
    })
    .openapi(replace, async (c) => {
      const id = c.req.valid('param').preset_id;
      const row = await replacePreset(db, c.var.appId, id, c.req.valid('json'), clock.now());
      return c.json(ok(toPreset(row)), 200);
    })
    .openapi(remove, async (c) => {
      const row = await deletePreset(db, c.var.appId, c.req.valid('param').preset_id);
      return c.json(ok(toPreset(row)), 200);
    });
}
