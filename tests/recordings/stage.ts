import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecordOrder } from '@parley/recorder';
import type Cloudflare from 'cloudflare';
import { type Arrival, type Receiver, startReceiver } from '../support/receiver.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

const FAKE_RECORDER = fileURLToPath(new URL('../support/fake-recorder.mjs', import.meta.url));

type Recordings = Cloudflare['realtimeKit']['recordings'];
export type Recording = NonNullable<Awaited<ReturnType<Recordings['getOneRecording']>>['data']> & {
  err_message?: string;
  gaps?: unknown[];
};
type StartParams = Omit<Parameters<Recordings['startRecordings']>[1], 'account_id' | 'meeting_id'>;

/** A real server whose recorder only pretends, and a backend that hears of recordings. */
export interface RecordingStage extends SessionStage {
  receiver: Receiver;
  /** `fault` is what goes wrong with the recorder (`tests/support/fake-recorder.mjs`). */
  start(meetingId: string, params?: StartParams, fault?: string): Promise<Recording>;
  control(id: string, action: 'stop' | 'pause' | 'resume'): Promise<Recording>;
  get(id: string): Promise<Recording>;
  reached(id: string, status: Recording['status']): Promise<Recording>;
  /** What the recorder was told to do. */
  orderOf(id: string): RecordOrder;
  /** Bodies of the webhooks about a recording, in the order in which they came. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  updatesOf(id: string): any[];
  statusesToldOf(id: string): string[];
  /** Without what was told again under the same `rtk-uuid`, as it is when the server dies before it knows that it told. */
  statusesToldOnceOf(id: string): string[];
}

export async function startRecordingStage(env: Record<string, string> = {}): Promise<RecordingStage> {
  const stage = await startSessionStage({ env: { PARLEY_RECORDER: FAKE_RECORDER, ...env } });
  const { recordings } = stage.kit;
  const { app_id, account_id } = stage.scope;
  const receiver = await startReceiver(stage.backend, [
    'recording.statusUpdate',
    'meeting.started',
    'meeting.ended',
  ]);
  const bodyOf = (arrival: Arrival) => JSON.parse(arrival.body.toString());
  const statusOf = (arrival: Arrival): string => bodyOf(arrival).recording.status;
  const arrivalsOf = (id: string) =>
    receiver.arrivals.filter(
      (arrival) => arrival.event === 'recording.statusUpdate' && bodyOf(arrival).recording.id === id,
    );
  const recording: RecordingStage = {
    ...stage,
    receiver,
    async start(meeting_id, params = {}, fault) {
      const prefix = fault === undefined ? {} : { file_name_prefix: fault };
      const { data } = await recordings.startRecordings(
        app_id,
        { account_id, meeting_id, ...prefix, ...params },
        { maxRetries: 0 },
      );
      return data as Recording;
    },
    control: async (id, action) =>
      (await recordings.pauseResumeStopRecording(id, { ...stage.scope, action }, { maxRetries: 0 }))
        .data as Recording,
    get: async (id) => (await recordings.getOneRecording(id, stage.scope)).data as Recording,
    reached: (id, status) =>
      until(`the recording is ${status}`, async () => {
        const now = await recording.get(id);
        return now.status === status && now;
      }),
    orderOf: (id) =>
      JSON.parse(readFileSync(join(stage.parley.dataDir, 'recordings/under-way', id, 'order.json'), 'utf8')),
    updatesOf: (id) => arrivalsOf(id).map(bodyOf),
    statusesToldOf: (id) => arrivalsOf(id).map(statusOf),
    statusesToldOnceOf: (id) => {
      const byId = new Map(arrivalsOf(id).map((arrival) => [arrival.headers['rtk-uuid'], statusOf(arrival)]));
      return [...byId.values()];
    },
    async dispose() {
      await stage.dispose();
      await receiver.close();
    },
  };
  return recording;
}
