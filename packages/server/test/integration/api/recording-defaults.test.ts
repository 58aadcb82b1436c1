import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
beforeAll(async () => {
  t = await startApi();
});
afterAll(() => t.close());

const STORAGE = { type: 'aws', access_key: 'AKIA', secret: 's3cret', bucket: 'b', region: 'eu-central-1' };

describe("the defaults of an app's recordings (RC32)", () => {
  it('are empty at first, replaced as a whole, and taken away by an empty object', async () => {
    expect((await t.call('GET', '/recording-config')).body.data).toEqual({});
    const config = { max_seconds: 90, video_config: { codec: 'VP8' } };
    expect((await t.call('PUT', '/recording-config', config)).body.data).toEqual(config);
    await t.call('PUT', '/recording-config', { max_seconds: 60 });
    expect((await t.call('GET', '/recording-config')).body.data).toEqual({ max_seconds: 60 });
    await t.call('PUT', '/recording-config', {});
    expect((await t.call('GET', '/recording-config')).body.data).toEqual({});
  });

  it('keep the secrets of a storage sealed, and never give them back (SE09)', async () => {
    const { status, body } = await t.call('PUT', '/recording-config', { storage_config: STORAGE });
    expect(status).toBe(200);
    const shown = { storage_config: { type: 'aws', bucket: 'b', region: 'eu-central-1' } };
    expect(body.data).toEqual(shown);
    expect((await t.call('GET', '/recording-config')).body.data).toEqual(shown);
    const rows = await t.database.db.selectFrom('apps').select('recording_config').execute();
    expect(JSON.stringify(rows)).toContain('"sealed":"v1.');
    expect(JSON.stringify(rows)).not.toMatch(/AKIA|s3cret/);
  });

  it.each([
    [{ storage_config: { ...STORAGE, secret: undefined } }, 'storage_config.secret'],
    [{ storage_config: { type: 'azure', access_key: 'a', bucket: 'b' } }, 'storage_config.access_key'],
    [{ max_seconds: 1 }, 'max_seconds'],
    [{ codec: 'VP8' }, 'codec'],
  ])('refuse %j and name the field', async (config, field) => {
    const { status, body } = await t.call('PUT', '/recording-config', config);
    expect(status).toBe(400);
    expect(body.error.message).toContain(`"${field}"`);
  });
});
