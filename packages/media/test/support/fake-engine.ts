import type {
  EngineEndpoint,
  EngineIncomingTrack,
  EngineOutgoingTrack,
  EngineProperties,
  EngineTransport,
} from '../../src/engine/medooze.js';

/** Stands in for the native library where only descriptions are looked at. Keeps what it was told. */
export class FakeEngine {
  properties: EngineProperties = {};
  readonly incoming: { id: string; encodings?: { id: string }[][]; ssrcs?: object; stopped: boolean }[] = [];
  readonly outgoing: { id: string; attachedTo: string | undefined; stopped: boolean }[] = [];
  stopped = false;
  readonly #listeners = new Map<string, ((...args: never[]) => void)[]>();
  #nextSsrc = 1_000;

  readonly endpoint: EngineEndpoint = {
    getLocalPort: () => 5004,
    getDTLSFingerprint: () => 'AA:BB',
    getLocalCandidates: () => [
      {
        getFoundation: () => '1',
        getPriority: () => 2113929216,
        getAddress: () => '192.0.2.7',
        getPort: () => 5004,
      },
    ],
    createTransport: () => this.#transport(),
  };

  emit(event: 'dtlsstate' | 'icetimeout' | 'remoteicecandidate', ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...(args as never[]));
  }

  #transport(): EngineTransport {
    const outgoingStreamTracks = new Map<string, EngineOutgoingTrack>();
    return {
      on: (event: string, listener: (...args: never[]) => void) => {
        this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
      },
      getLocalICEInfo: () => ({ getUfrag: () => 'localfrag', getPwd: () => 'localpassword' }),
      setLocalProperties: (properties) => {
        this.properties = properties;
      },
      setRemoteProperties: () => {},
      createIncomingStreamTrack: (_kind, { id, encodings, ssrcs }) => {
        const record = { id, encodings, ssrcs, stopped: false };
        this.incoming.push(record);
        return {
          getStatsAsync: () => Promise.resolve({}),
          refresh: () => {},
          mute: () => {},
          stop: () => {
            record.stopped = true;
          },
          id,
        } as EngineIncomingTrack;
      },
      createOutgoingStreamTrack: (_kind, { id }) => {
        const record = { id, attachedTo: undefined as string | undefined, stopped: false };
        this.outgoing.push(record);
        const media = this.#nextSsrc;
        this.#nextSsrc += 2;
        const track: EngineOutgoingTrack = {
          getId: () => id,
          getSSRCs: () => ({ media, rtx: media + 1 }),
          attachTo: (incoming) => {
            record.attachedTo = (incoming as EngineIncomingTrack & { id: string }).id;
            return { selectEncoding: () => {} };
          },
          stop: () => {
            record.stopped = true;
          },
        };
        outgoingStreamTracks.set(id, track);
        return track;
      },
      outgoingStreamTracks,
      setBandwidthProbing: () => {},
      setMaxProbingBitrate: () => {},
      setProbingBitrateLimit: () => {},
      stop: () => {
        this.stopped = true;
      },
    };
  }
}
