/**
 * What the tests run inside the page. Each function is sent over as its source text, so it uses nothing from
 * outside of itself.
 */
import type RealtimeKitClient from '@cloudflare/realtimekit';

/** One event of the SDK, as the page saw it. Details hold only what JSON can. */
export interface SdkEvent {
  source:
    | 'self'
    | 'joined'
    | 'waitlisted'
    | 'active'
    | 'pinned'
    | 'participants'
    | 'meta'
    | 'chat'
    | 'polls'
    | 'stage'
    | 'livestream'
    | 'permissions'
    | 'plugins'
    | 'recording'
    | 'ai';
  name: string;
  details: unknown;
  atMs: number;
}

/** A plugin of SDK 2.x: the app registers it at init, its state is shared through a store. */
export interface AppPlugin {
  id: string;
  canActivate: boolean;
  canDeactivate: boolean;
}

/** What the page keeps for the test beside the SDK. */
interface TestGlobals {
  RealtimeKitClient: typeof RealtimeKitClient;
  meeting: RealtimeKitClient;
  sdkEvents: SdkEvent[];
  peerConnections: RTCPeerConnection[];
}

/** Every emitter of the SDK has one event that stands for all, with the name of the other first. */
interface Emitter {
  on(everyEvent: '*', listener: (name: string, ...args: unknown[]) => void): unknown;
}

declare global {
  interface Window extends TestGlobals {}
}

/** Runs before any script of the page: the test reads statistics from the connections that the SDK makes. */
export function keepPeerConnections(): void {
  window.peerConnections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      window.peerConnections.push(this);
    }
  };
}

/** Runs in the page. */
export async function initInPage(options: {
  token: string;
  baseURI: string;
  audio: boolean;
  video: boolean;
  plugins: AppPlugin[];
}): Promise<void> {
  const meeting = await window.RealtimeKitClient.init({
    authToken: options.token,
    baseURI: options.baseURI,
    defaults: {
      audio: options.audio,
      video: options.video,
      plugins: options.plugins.map(({ id, ...permissions }) => ({
        id,
        name: `Plugin ${id}`,
        icon: '',
        permissions,
        component: document.createElement('div'),
      })),
    },
  });
  window.meeting = meeting;
  window.sdkEvents = [];

  const plain = (value: unknown): unknown => {
    const seen = new Set<unknown>();
    const text = JSON.stringify(value, (key, inner) => {
      if (key.startsWith('_') || typeof inner === 'function') return undefined;
      if (inner instanceof MediaStreamTrack) return `track ${inner.kind}`;
      if (typeof inner === 'object' && inner !== null) {
        if (seen.has(inner)) return undefined;
        seen.add(inner);
        const { userId, id, name } = inner as { userId?: string; id?: string; name?: string };
        const isParticipant = userId !== undefined && Object.getPrototypeOf(inner) !== Object.prototype;
        if (key !== '' && isParticipant) return { userId, id, name };
      }
      return inner;
    });
    return text === undefined ? null : JSON.parse(text);
  };
  const person = (value: unknown = {}) => {
    const { userId, id, name } = value as { userId: string; id: string; name: string };
    return { userId, id, name };
  };
  const note = (source: SdkEvent['source'], name: string, details: unknown) =>
    window.sdkEvents.push({ source, name, details, atMs: Date.now() });

  const { self, participants } = meeting;
  for (const [source, emitter] of Object.entries({
    self,
    participants,
    meta: meeting.meta,
    chat: meeting.chat,
    polls: meeting.polls,
    stage: meeting.stage,
    recording: meeting.recording,
    permissions: self.permissions,
    // There is none in a meeting of another view type.
    ...(meeting.livestream && { livestream: meeting.livestream }),
    ai: meeting.ai,
  })) {
    (emitter as unknown as Emitter).on('*', (name, details) =>
      note(source as SdkEvent['source'], name, plain(details)),
    );
  }
  for (const source of ['joined', 'waitlisted', 'active', 'pinned'] as const) {
    (participants[source] as unknown as Emitter).on('*', (name, who, update) =>
      note(source, name, { ...person(who), ...(plain(update) as object) }),
    );
  }
  (meeting.plugins.all as unknown as Emitter).on('*', (name, plugin, update) =>
    note('plugins', name, { ...(plain(update) as object), id: (plugin as { id: string }).id }),
  );
}

/** Runs in the page: a number of the `inbound-rtp` statistics of one participant's track. */
export async function inboundTotal({
  participantId,
  source,
  field,
}: {
  participantId: string;
  source: 'camera' | 'screen' | 'microphone';
  field: 'framesDecoded' | 'totalAudioEnergy';
}): Promise<number> {
  const who = window.meeting.participants.joined.toArray().find(({ userId }) => userId === participantId);
  const track =
    source === 'camera'
      ? who?.videoTrack
      : source === 'screen'
        ? who?.screenShareTracks?.video
        : who?.audioTrack;
  if (!track) return 0;

  // Chromium pulls sound through its decoder only while something plays the track.
  const isPlaying = [...document.querySelectorAll<HTMLMediaElement>('audio, video')].some((element) =>
    (element.srcObject as MediaStream | null)?.getTracks().includes(track),
  );
  if (!isPlaying) {
    const element = document.createElement(track.kind === 'audio' ? 'audio' : 'video');
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
  }
  for (const connection of window.peerConnections) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.trackIdentifier === track.id) return report[field] ?? 0;
    }
  }
  return 0;
}
