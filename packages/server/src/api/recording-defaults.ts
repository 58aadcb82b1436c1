import { createRoute } from '@hono/zod-openapi';
import { type ManagementServices, resourceRouter } from './router.js';
import { getRecordingDefaults, replaceRecordingDefaults } from './rows/recording-defaults.js';
import { answer, jsonBody, ok } from './schemas/envelope.js';
import { recordingConfig, recordingConfigView } from './schemas/recording-config.js';

const get = createRoute({
  method: 'get',
  path: '/recording-config',
  summary: 'Get how meetings of the app are recorded by default',
  responses: { 200: answer('The defaults, without secrets.', recordingConfigView) },
});

const replace = createRoute({
  method: 'put',
  path: '/recording-config',
  summary: 'Replace how meetings of the app are recorded by default',
  request: { body: jsonBody(recordingConfig) },
  responses: { 200: answer('The defaults, without secrets.', recordingConfigView) },
});

/**
 * The defaults of an app's recordings, an addition to RealtimeKit, where its dashboard sets them (features.md RC30,
 * RC32). A `recording_config` with the fields of a meeting's; `{}` takes every default away.
 */
export function recordingDefaults({ db, secrets }: ManagementServices) {
  return resourceRouter()
    .openapi(get, async (c) => c.json(ok(await getRecordingDefaults(db, c.var.appId)), 200))
    .openapi(replace, async (c) => {
      const config = c.req.valid('json');
      return c.json(ok(await replaceRecordingDefaults({ db, secrets }, c.var.appId, config)), 200);
    });
}
