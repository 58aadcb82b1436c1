import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { MediaKind } from '../rpc.js';
import type { HeaderExtension } from '../sdp/description.js';

/**
 * The part of medooze-media-server that the worker uses. The package is built at install, which removes its own
 * type declarations; these say in addition which calls throw.
 */
export interface EngineLibrary {
  enableLog(on: boolean): void;
  enableDebug(on: boolean): void;
  enableUltraDebug(on: boolean): void;
  enableWarning(on: boolean): void;
  /** Throws when the port is taken. */
  createEndpoint(ips: string[], options: { packetPoolSize: number }): EngineEndpoint;
  createActiveSpeakerDetector(): EngineSpeakerDetector;
  /** Without a minimum period every frame is handed over. */
  createIncomingStreamTrackReader(intraOnly: false, minPeriodMs: 0): EngineFrameReader;
}

export interface EngineEndpoint {
  getLocalPort(): number;
  getLocalCandidates(): EngineCandidate[];
  getDTLSFingerprint(): string;
  createTransport(remote: {
    ice: { ufrag: string; pwd: string };
    dtls: { setup: 'actpass'; hash: string; fingerprint: string };
    candidates: [];
  }): EngineTransport;
}

interface EngineCandidate {
  getFoundation(): string;
  getPriority(): number;
  getAddress(): string;
  getPort(): number;
}

/** One codec and extension table per kind for the whole transport, whatever the number of m-lines. */
export interface EngineProperties {
  audio?: EngineKindProperties;
  video?: EngineKindProperties;
}

export interface EngineKindProperties {
  id: string;
  type: MediaKind;
  direction: 'sendrecv';
  extensions: Record<number, HeaderExtension['uri']>;
  codecs: { codec: string; type: number; rtx?: number; channels?: number }[];
}

type DtlsState = 'new' | 'connecting' | 'connected' | 'closed' | 'failed';

export interface EngineTransport {
  on(event: 'dtlsstate', listener: (state: DtlsState) => void): void;
  on(event: 'icetimeout' | 'remoteicecandidate', listener: () => void): void;
  /** All in bits per second; sent several times a second while media flows to a client with transport-wide feedback. */
  on(event: 'targetbitrate', listener: (target: number, estimate: number, total: number) => void): void;
  getLocalICEInfo(): { getUfrag(): string; getPwd(): string };
  setLocalProperties(properties: EngineProperties): void;
  setRemoteProperties(properties: EngineProperties): void;
  createIncomingStreamTrack(
    kind: MediaKind,
    track: {
      id: string;
      media: MediaKind;
      mediaId: string;
      ssrcs?: { media: number; rtx?: number };
      encodings?: { id: string }[][];
    },
  ): EngineIncomingTrack;
  createOutgoingStreamTrack(
    kind: MediaKind,
    track: { id: string; media: MediaKind; mediaId: string },
  ): EngineOutgoingTrack;
  /** By track id. The engine never takes an entry out, see Consumer.close(). */
  outgoingStreamTracks: Map<string, EngineOutgoingTrack>;
  setBandwidthProbing(on: boolean): void;
  setMaxProbingBitrate(bps: number): void;
  setProbingBitrateLimit(bps: number): void;
  stop(): void;
}

export interface EngineIncomingTrack {
  /** By encoding id: the rid with simulcast, an empty string without. */
  getStatsAsync(): Promise<Record<string, EngineEncodingStats>>;
  /** Asks the sender for a key frame; at most one in 500 ms has an effect. */
  refresh(): void;
  mute(muted: boolean): void;
  stop(): void;
}

interface EngineEncodingStats {
  /** Of the last second. */
  bitrate: number;
  numPackets: number;
  lostPackets: number;
}

export interface EngineOutgoingTrack {
  getId(): string;
  getSSRCs(): { media: number; rtx: number };
  attachTo(incoming: EngineIncomingTrack, layers: { encodingId?: string }): EngineTransponder;
  stop(): void;
}

export interface EngineTransponder {
  /** Smooth keeps the old layer until a key frame of the new one. Throws for an unknown id or a stopped track. */
  selectEncoding(encodingId: string, smooth: boolean): void;
}

export interface EngineSpeakerDetector {
  setMinChangePeriod(ms: number): void;
  addSpeaker(track: EngineIncomingTrack): void;
  /** Called by the native part; with our patch once per period for each speaker with voice. */
  onactivespeakerchanged: (idAndScore: number) => void;
  /** The number that the detector gave the track. */
  ids: WeakMap<EngineIncomingTrack, number>;
}

export interface EngineFrameReader {
  /**
   * Called by the native part for every frame, also once more after detach(); the last three come from our patch:
   * the sender's timestamp without wrapping, in units of the clock rate in Hz, and the arrival in Unix ms.
   */
  onframe: (
    data: Uint8Array,
    kind: string,
    codec: string,
    timestamp: number,
    clockRate: number,
    arrivalMs: number,
  ) => void;
  attachTo(track: EngineIncomingTrack): void;
  detach(): void;
  stop(): void;
}

interface NativeLibrary {
  RTPBundleTransport: { prototype: { Init(port?: number): number } };
}

const require = createRequire(import.meta.url);

/**
 * Loads the native library into this process.
 * @param port UDP port of the endpoint that will be made, 0 for any. The library's own way to choose one needs a
 *   range of 50, so the native call is given the port instead.
 */
export function loadEngine(port: number): EngineLibrary {
  const folder = dirname(require.resolve('medooze-media-server/package.json'));
  if (!existsSync(join(folder, 'build', 'Release', 'parley-patches'))) {
    throw new Error(
      'The media engine lacks our patches; run `node packages/media/scripts/patch-engine.mjs`.',
    );
  }
  const engine = require('medooze-media-server') as EngineLibrary;
  engine.enableLog(false);
  engine.enableDebug(false);
  engine.enableUltraDebug(false);
  engine.enableWarning(false);
  if (port !== 0) {
    const native = require('medooze-media-server/lib/Native.js') as NativeLibrary;
    const { prototype } = native.RTPBundleTransport;
    const init = prototype.Init;
    prototype.Init = function (this: typeof prototype) {
      return init.call(this, port);
    };
  }
  return engine;
}
