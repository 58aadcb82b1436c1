import { fileURLToPath } from 'node:url';
import type Cloudflare from 'cloudflare';
import { type Arrival, type Receiver, startReceiver } from '../support/receiver.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

const FAKE_RECORDER = fileURLToPath(new URL('../support/fake-recorder.mjs', import.meta.url));

type Kit = Cloudflare['realtimeKit']['livestreams'];
type Start = Omit<Parameters<Kit['startLivestreamingAMeeting']>[1], 'account_id' | 'app_id'>;
export type Livestream = Required<
  NonNullable<Awaited<ReturnType<Kit['getMeetingActiveLivestreams']>>['data']>
>;
type Status = Livestream['status'];

/** A real server whose recorder only pretends, and a backend that hears of livestreams. */
export interface LivestreamStage extends SessionStage {
  receiver: Receiver;
  /** `name` is also what goes wrong with the recorder (`tests/support/fake-recorder.mjs`). */
  start(meetingId: string, params?: Start): Promise<Livestream>;
  stop(meetingId: string): Promise<string | undefined>;
  /** The livestream of a meeting and its newest session. */
  // biome-ignore lint/suspicious/noExplicitAny: the official client's types are of the older form of this answer.
  of(livestreamId: string): Promise<any>;
  reached(livestreamId: string, status: Status): Promise<Livestream>;
  /** Loads from below a playback address, by the plain port: Node does not trust the certificate of the other one. */
  play(playbackUrl: string, file?: string, init?: RequestInit): Promise<Response>;
  /** Bodies of the webhooks about a livestream, in the order in which they came, and each once. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  updatesOf(livestreamId: string): any[];
}

export async function startLivestreamStage(env: Record<string, string> = {}): Promise<LivestreamStage> {
  const stage = await startSessionStage({ env: { PARLEY_RECORDER: FAKE_RECORDER, ...env } });
  const { livestreams } = stage.kit;
  const receiver = await startReceiver(stage.backend, ['livestreaming.statusUpdate', 'meeting.ended']);
  const bodyOf = (arrival: Arrival) => JSON.parse(arrival.body.toString());
  return {
    ...stage,
    receiver,
    async start(meetingId, params = {}) {
      const call = { ...stage.scope, ...params };
      const { data } = await livestreams.startLivestreamingAMeeting(meetingId, call, { maxRetries: 0 });
      return data as Livestream;
    },
    stop: async (meetingId) =>
      (await livestreams.stopLivestreamingAMeeting(meetingId, stage.scope)).data?.message,
    of: async (id) => (await livestreams.getLivestreamSessionForLivestreamID(id, stage.scope)).data,
    reached: (id, status) =>
      until(`the livestream is ${status}`, async () => {
        const { data } = await livestreams.getLivestreamSessionForLivestreamID(id, stage.scope);
        return data?.livestream?.status === status && (data.livestream as Livestream);
      }),
    play: (playbackUrl, file = 'index.m3u8', init = {}) => {
      const { pathname } = new URL(file, playbackUrl);
      return fetch(`${stage.parley.httpUrl}${pathname}`, init);
    },
    updatesOf: (id) => {
      const arrivals = receiver.arrivals.filter(
        (arrival) => arrival.event === 'livestreaming.statusUpdate' && bodyOf(arrival).streamId === id,
      );
      return [...new Map(arrivals.map((arrival) => [arrival.headers['rtk-uuid'], bodyOf(arrival)])).values()];
    },
    async dispose() {
      await stage.dispose();
      await receiver.close();
    },
  };
}
