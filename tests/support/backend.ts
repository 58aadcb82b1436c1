import Cloudflare from 'cloudflare';
import type { RecordingGetOneRecordingResponse } from 'cloudflare/resources/realtime-kit/recordings';
import type { ParleyProcess } from './parley-process.js';
import { until } from './until.js';

type Recording = NonNullable<RecordingGetOneRecordingResponse['data']>;

export interface TestParticipant {
  id: string;
  token: string;
}

/** What an app's backend does, through the official client with only its `baseURL` changed. */
export interface Backend {
  client: Cloudflare;
  accountId: string;
  appId: string;
  newMeeting(settings?: { title?: string; session_keep_alive_time_in_secs?: number }): Promise<string>;
  addParticipant(meetingId: string, name: string, preset: string): Promise<TestParticipant>;
  setStatus(meetingId: string, status: 'ACTIVE' | 'INACTIVE'): Promise<void>;
  kick(meetingId: string, participantId: string): Promise<void>;
  kickAll(meetingId: string): Promise<void>;
  /** A preset that equals `base` but for the permissions, settings and looks given. */
  newPreset(
    name: string,
    base: string,
    permissions: Record<string, unknown>,
    config?: Record<string, unknown>,
    ui?: { design_tokens?: Record<string, unknown>; config_diff?: Record<string, unknown> },
  ): Promise<void>;
  /** Waits until a recording has a status; fails with all that is known of one that is ERRORED. */
  recordingReached(recordingId: string, status: Recording['status']): Promise<Recording>;
  /** Status of a session as the management API tells it. */
  sessionStatus(sessionId: string): Promise<string | undefined>;
}

/** Uses the app that the server made on its first start. */
export async function backendOf(parley: ParleyProcess): Promise<Backend> {
  const client = new Cloudflare({ apiToken: parley.apiToken, baseURL: `${parley.httpUrl}/client/v4` });
  const account = { account_id: parley.accountId };
  const appId = (await client.realtimeKit.apps.get(account)).data?.[0]?.id;
  if (!appId) throw new Error('The server has no app');
  const path = { ...account, app_id: appId };

  return {
    client,
    accountId: parley.accountId,
    appId,
    async newMeeting(settings = {}) {
      const answer = await client.realtimeKit.meetings.create(appId, {
        ...account,
        title: 'Test meeting',
        ...settings,
      });
      return answer.data!.id;
    },
    async addParticipant(meetingId, name, preset) {
      const { data } = await client.realtimeKit.meetings.addParticipant(meetingId, {
        ...path,
        name,
        preset_name: preset,
        custom_participant_id: `custom-${name}`,
      });
      return { id: data!.id, token: data!.token };
    },
    async setStatus(meetingId, status) {
      await client.realtimeKit.meetings.updateMeetingByID(meetingId, { ...path, status });
    },
    async kick(meetingId, participantId) {
      await client.realtimeKit.activeSession.kickParticipants(meetingId, {
        ...path,
        participant_ids: [participantId],
        custom_participant_ids: [],
      });
    },
    async kickAll(meetingId) {
      await client.realtimeKit.activeSession.kickAllParticipants(meetingId, path);
    },
    recordingReached: (recordingId, status) =>
      until(
        `the recording is ${status}`,
        async () => {
          const { data } = await client.realtimeKit.recordings.getOneRecording(recordingId, path);
          if (data!.status === 'ERRORED') throw new Error(JSON.stringify(data));
          return data!.status === status && data!;
        },
        60_000,
      ),
    async newPreset(name, base, permissions, config = {}, { design_tokens: tokens, ...ui } = {}) {
      const known = await client.realtimeKit.presets.get(appId, account);
      const baseId = known.data.find((preset) => preset.name === base)?.id;
      if (!baseId) throw new Error(`No preset ${base}`);
      const { data } = await client.realtimeKit.presets.getPresetByID(baseId, path);
      await client.realtimeKit.presets.create(appId, {
        ...account,
        name,
        config: { ...data.config, ...config },
        ui: { ...data.ui, ...ui, design_tokens: { ...data.ui.design_tokens, ...tokens } },
        permissions: { ...data.permissions, ...permissions } as typeof data.permissions & object,
      });
    },
    async sessionStatus(sessionId) {
      const { data } = await client.realtimeKit.sessions.getSessionDetails(sessionId, path);
      return data?.status;
    },
  };
}
