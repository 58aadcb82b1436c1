import { randomInt } from 'node:crypto';
import { CONNECT_LIMIT_MS, HANDSHAKE_LIMIT_MS } from '../limits.js';
import type { MediaKind, TransportDirection } from '../rpc.js';
import type { Description } from '../sdp/description.js';
import { buildMediaTable, type KindTable, type MediaTable } from '../sdp/media-table.js';
import { type LocalTransport, type WrittenSection, writeDescription } from '../sdp/write.js';
import type { EngineEndpoint, EngineKindProperties, EngineTransport } from './medooze.js';

export interface TransportIdentity {
  transportId: string;
  roomId: string;
  peerId: string;
  direction: TransportDirection;
}

export type TransportState = 'connected' | 'failed' | 'closed';

/**
 * One peer connection of a client: ICE, DTLS and the session part of its descriptions. What its m-lines carry is
 * up to the two kinds, SendTransport and RecvTransport.
 */
export abstract class Transport {
  readonly id: string;
  readonly roomId: string;
  readonly peerId: string;
  readonly direction: TransportDirection;
  protected readonly engine: EngineTransport;
  protected readonly table: MediaTable;
  /** Told of what happens to the connection by itself; after `failed` and `closed` the transport is closed already. */
  onState: (state: TransportState) => void = () => {};
  readonly #local: LocalTransport;
  readonly #sessionId = `${randomInt(1, 2 ** 31)}${randomInt(10 ** 8, 10 ** 9)}`;
  #version = 0;
  #closed = false;
  #connected = false;
  readonly #connectTimer: NodeJS.Timeout;
  #handshakeTimer: NodeJS.Timeout | undefined;

  constructor(endpoint: EngineEndpoint, identity: TransportIdentity, offer: Description) {
    this.id = identity.transportId;
    this.roomId = identity.roomId;
    this.peerId = identity.peerId;
    this.direction = identity.direction;
    this.table = buildMediaTable(identity.direction, offer.sections);
    // No remote candidates: the client's address is learnt from its checks. Given candidates, the engine would start
    // checks before the client has the answer, and could meet an address that another transport still owns.
    this.engine = endpoint.createTransport({
      ice: offer.ice,
      dtls: { setup: 'actpass', ...offer.dtls },
      candidates: [],
    });
    const properties = {
      ...engineProperties('audio', this.table.audio),
      ...engineProperties('video', this.table.video),
    };
    try {
      this.engine.setLocalProperties(properties);
      this.engine.setRemoteProperties(properties);
    } catch (error) {
      this.engine.stop();
      throw error;
    }
    const ice = this.engine.getLocalICEInfo();
    this.#local = {
      ice: { ufrag: ice.getUfrag(), pwd: ice.getPwd() },
      fingerprint: endpoint.getDTLSFingerprint(),
      candidates: endpoint.getLocalCandidates().map((candidate) => ({
        foundation: candidate.getFoundation(),
        priority: candidate.getPriority(),
        ip: candidate.getAddress(),
        port: candidate.getPort(),
      })),
    };
    this.#connectTimer = setTimeout(() => this.#end('failed'), CONNECT_LIMIT_MS);
    this.#listen();
  }

  get connected(): boolean {
    return this.#connected;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Stops the tracks, then the connection: the order in which the engine has never failed. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#handshakeTimer);
    this.closeTracks();
    this.engine.stop();
  }

  protected abstract closeTracks(): void;

  protected describe(setup: 'passive' | 'actpass', sections: WrittenSection[]): string {
    this.#version += 1;
    return writeDescription({
      sessionId: this.#sessionId,
      version: this.#version,
      setup,
      local: this.#local,
      sections,
    });
  }

  #listen(): void {
    this.engine.on('remoteicecandidate', () => {
      if (this.#connected || this.#closed) return;
      this.#handshakeTimer ??= setTimeout(() => this.#end('failed'), HANDSHAKE_LIMIT_MS);
    });
    this.engine.on('dtlsstate', (state) => {
      if (state === 'connected') this.#connect();
      if (state === 'failed' || state === 'closed') this.#end(state);
    });
    // 30 s without an ICE request: the only sign of a client that vanished.
    this.engine.on('icetimeout', () => this.#end('closed'));
  }

  #connect(): void {
    if (this.#closed || this.#connected) return;
    this.#connected = true;
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#handshakeTimer);
    this.onState('connected');
  }

  #end(state: 'failed' | 'closed'): void {
    if (this.#closed) return;
    this.close();
    this.onState(state);
  }
}

function engineProperties(
  kind: MediaKind,
  table: KindTable,
): Partial<Record<MediaKind, EngineKindProperties>> {
  if (table.codecs.length === 0) return {};
  const codecs = table.codecs.map((codec) => ({
    codec: codec.name.toLowerCase(),
    type: codec.payloadType,
    ...(codec.rtxPayloadType === undefined ? {} : { rtx: codec.rtxPayloadType }),
    ...(codec.channels === undefined ? {} : { channels: codec.channels }),
  }));
  const extensions = Object.fromEntries(table.extensions.map(({ id, uri }) => [id, uri]));
  return { [kind]: { id: kind, type: kind, direction: 'sendrecv', codecs, extensions } };
}
