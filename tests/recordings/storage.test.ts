import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type S3Server, s3ServerIsInstalled, startS3Server } from '../support/s3-server.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { type Recording, type RecordingStage, startRecordingStage } from './stage.js';

const SECRET = 'testing';
const ACCESS_KEY = 'test:tester';
const BUCKETS = ['of-the-call', 'of-the-meeting', 'of-the-app'] as const;

type Start = Parameters<RecordingStage['start']>[1];

describe.skipIf(!serverIsBuilt || !s3ServerIsInstalled)("a recording to a storage of the customer's", () => {
  let stage: RecordingStage;
  let server: S3Server;
  let wire: TcpProxy;
  let s3: S3Client;

  beforeAll(async () => {
    [stage, server] = await Promise.all([startRecordingStage(), startS3Server()]);
    wire = await startTcpProxy(() => server.port);
    s3 = new S3Client({
      endpoint: `http://127.0.0.1:${server.port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET },
    });
    for (const bucket of BUCKETS) await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  });
  afterAll(async () => {
    await stage?.dispose();
    await wire?.close();
    await server?.close();
  });

  const storageIn = (bucket: string, fields: object = {}) => ({
    type: 'aws' as const,
    access_key: ACCESS_KEY,
    secret: SECRET,
    region: 'us-east-1',
    bucket,
    endpoint: `http://127.0.0.1:${wire.port}`,
    ...fields,
  });
  const startWith = (params: object) => params as Start;

  async function inBucket(bucket: string): Promise<string[]> {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = '' }) => Key);
  }

  async function liveMeeting(body: object = {}): Promise<string> {
    const meeting = await stage.backend.newMeeting({ title: 'Stored', ...body });
    await stage.enter(meeting, 'Mary', 'group_call_host');
    return meeting;
  }

  /** Records for a moment; answers the recording when it is over. */
  async function record(meeting: string, params: object, end: Recording['status'] = 'UPLOADED') {
    const { id } = await stage.start(meeting, startWith(params));
    await stage.reached(id, 'RECORDING');
    await stage.control(id, 'stop');
    return await stage.reached(id, end);
  }

  test('is in the bucket and in the own store, the same bytes in both (RC28, RC29, RC33)', async () => {
    const storage_config = storageIn('of-the-call', { path: 'a/b' });
    const done = await record(await liveMeeting(), { storage_config });
    const key = `a/b/${done.output_file_name}`;
    const { Body, ContentType } = await s3.send(new GetObjectCommand({ Bucket: 'of-the-call', Key: key }));
    const own = await (await fetch(done.download_url!)).arrayBuffer();
    expect(Buffer.from(await Body!.transformToByteArray()).equals(Buffer.from(own))).toBe(true);
    expect(ContentType).toBe('video/mp4');
    const { access_key, secret, ...shown } = storage_config;
    expect(done.storage_config).toEqual(shown);
  });

  test('is in the bucket alone where the own store is switched off (RC27)', async () => {
    const done = await record(await liveMeeting(), {
      storage_config: storageIn('of-the-call'),
      realtimekit_bucket_config: { enabled: false },
    });
    expect(done).toMatchObject({ status: 'UPLOADED', download_url: null, download_url_expiry: null });
    expect(await inBucket('of-the-call')).toContain(done.output_file_name);
  });

  test('goes where the start call says, else the meeting, else the app (RC30-RC32)', async () => {
    const { httpUrl, accountId, apiToken } = stage.parley;
    const kit = `${httpUrl}/client/v4/accounts/${accountId}/realtime/kit/${stage.scope.app_id}`;
    const setDefaults = (body: object) =>
      fetch(`${kit}/recording-config`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await setDefaults({ storage_config: storageIn('of-the-app') })).status).toBe(200);

    const plain = await liveMeeting();
    const configured = await liveMeeting({
      recording_config: { storage_config: storageIn('of-the-meeting') },
    });
    const byApp = await record(plain, {});
    const byMeeting = await record(configured, {});
    const byCall = await record(configured, { storage_config: storageIn('of-the-call') });
    await setDefaults({});

    const places = [byApp, byMeeting, byCall].map((done) => done.storage_config?.bucket);
    expect(places).toEqual(['of-the-app', 'of-the-meeting', 'of-the-call']);
    expect(await inBucket('of-the-app')).toEqual([byApp.output_file_name]);
    expect(await inBucket('of-the-meeting')).toEqual([byMeeting.output_file_name]);
    expect(await inBucket('of-the-call')).toContain(byCall.output_file_name);
  });

  test('that refuses it ends in ERRORED with the reason, and no secret is told anywhere (RC05, SE09)', async () => {
    const secret = 'WRONG-SECRET';
    const done = await record(
      await liveMeeting(),
      { storage_config: storageIn('of-the-call', { secret }) },
      'ERRORED',
    );
    expect(done.err_message).toBe(
      'The storage refused the credentials or what they may do (SignatureDoesNotMatch)',
    );
    await until('the end was told', () => stage.statusesToldOf(done.id).includes('ERRORED'));
    const said = JSON.stringify([done, stage.updatesOf(done.id)]) + stage.parley.log();
    for (const told of [secret, `"${SECRET}"`, ACCESS_KEY]) expect(said).not.toContain(told);
  });

  test('that is out of reach is UPLOADING, over a kill -9 too, until it is back', async () => {
    wire.cut();
    const { id } = await stage.start(
      await liveMeeting(),
      startWith({ storage_config: storageIn('of-the-call') }),
    );
    await stage.reached(id, 'RECORDING');
    await stage.control(id, 'stop');
    await until('an attempt has failed', () => stage.parley.log().includes('An upload failed'));
    expect((await stage.get(id)).status).toBe('UPLOADING');
    await stage.parley.kill();
    wire.mend();
    await stage.parley.start();
    // On a busy machine a second attempt may have failed before the kill, and the next one is half a minute away then.
    const done = await until('it is uploaded', async () => isUploaded(await stage.get(id)), 90_000);
    expect(await inBucket('of-the-call')).toContain(done.output_file_name);
  });
});

const isUploaded = (recording: Recording) => recording.status === 'UPLOADED' && recording;
