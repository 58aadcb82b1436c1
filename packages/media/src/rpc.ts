/**
 * The contract between the server and one media worker process.
 *
 * The server sends requests; the worker answers each by its `id` and pushes events of its own. Both travel
 * over the child process's IPC channel. The worker knows SDP, RTP and opaque ids; it knows nothing of presets
 * or of a meeting's rules, so every permission has been decided before a request is sent.
 */

export type MediaKind = 'audio' | 'video';

/** The direction of a peer connection as the client sees it: it sends on `send` and receives on `recv`. */
export type TransportDirection = 'send' | 'recv';

/** Simulcast layers by descending quality, as the SDK names them (protocol.md 6.2). */
export type Rid = 'f' | 'h' | 'q';

/** Why a producer could not be consumed; the first two are not retried by the SDK (protocol.md 6.5). */
export type ConsumeErrorCode = 'not_found_track_error' | 'backend_error' | 'try_again';

export type ConsumeResult =
  | { producerId: string; mid: string }
  | { producerId: string; error: ConsumeErrorCode };

export interface ProducerStats {
  producerId: string;
  bitrateBps: number;
  packets: number;
  lostPackets: number;
  activeRids: string[];
}

export interface WorkerStats {
  transports: number;
  producers: number;
  consumers: number;
  residentBytes: number;
}

/** What a tap leaves behind. */
export interface TapEnd {
  /** From the file's start to the end of its last frame; 0 without a file. */
  durationMs: number;
  /** Why it ended before its producer, as the system says it: ENOSPC for a full disk. What was written stays. */
  failure?: { code: string; error: string };
}

/** Request name -> [arguments, answer]. A failed request is answered with a code and a sentence. */
export interface MediaRequests {
  /**
   * The offer is the client's first; the answer carries every candidate (protocol.md 6.1). A transport that the
   * peer already has in this direction is closed first, with its producers or consumers (6.10).
   */
  createTransport: [
    { transportId: string; roomId: string; peerId: string; direction: TransportDirection; offer: string },
    { answer: string },
  ];
  closeTransport: [{ transportId: string }, Record<string, never>];
  /** `mid` names the new m-line of the offer (app_data.mid of the SDK). */
  produce: [
    {
      transportId: string;
      producerId: string;
      kind: MediaKind;
      mid: string;
      screenShare: boolean;
      offer: string;
    },
    { answer: string },
  ];
  closeProducer: [{ transportId: string; producerId: string; offer?: string }, { answer?: string }];
  /** Drops the producer's packets in the worker, so that a modified client cannot talk through a host's mute. */
  muteProducer: [{ producerId: string; muted: boolean }, Record<string, never>];
  consume: [
    { transportId: string; requests: { producerId: string; preferredRid?: Rid }[] },
    { results: ConsumeResult[]; offer?: string },
  ];
  /** The client's answer to the offer of `consume`; media flows from here on. */
  renegotiate: [{ transportId: string; answer: string }, Record<string, never>];
  closeConsumers: [{ transportId: string; mids: string[]; offer: string }, { answer: string }];
  preferLayers: [{ transportId: string; requests: { mid: string; rid: Rid }[] }, Record<string, never>];
  /**
   * Writes the sound of a producer, packet by packet as it comes, into a new WebM file in `folder`: its name is
   * `<name>_<Unix ms of its position 0>.webm`, and it is made when the first sound comes. Positions follow this
   * machine's clock, so that files of one machine are in sync. The file is only appended to and ends with the producer.
   */
  startTap: [{ tapId: string; producerId: string; folder: string; name: string }, Record<string, never>];
  /** Answered when the file is complete, after its `tapEnded`; also for a tap that has ended already. */
  stopTap: [{ tapId: string }, Record<string, never>];
  /** Everything of one room, for the end of its session. */
  closeRoom: [{ roomId: string }, Record<string, never>];
  roomStats: [{ roomId: string }, { producers: ProducerStats[] }];
  workerStats: [Record<string, never>, WorkerStats];
}

export type MediaRequestName = keyof MediaRequests;
export type MediaArguments<N extends MediaRequestName> = MediaRequests[N][0];
export type MediaAnswer<N extends MediaRequestName> = MediaRequests[N][1];

export type MediaEvent =
  /** Listening; sent once after the start. */
  { type: 'ready'; port: number } | RoomEvent;

export type RoomEvent =
  /** `failed` and `closed` are final: the transport and everything on it is gone already. */
  | {
      type: 'transportState';
      roomId: string;
      transportId: string;
      state: 'connected' | 'failed' | 'closed';
    }
  /** Ranked by voice, loudest first; sent only when the order changes (after hysteresis). */
  | { type: 'activeSpeakers'; roomId: string; peerIds: string[] }
  /** The file of a tap is there; `startedAtMs` is the Unix time of its position 0. */
  | { type: 'tapFile'; roomId: string; tapId: string; file: string; startedAtMs: number }
  /** Nothing more is written: stopped, its producer closed, or failed. */
  | ({ type: 'tapEnded'; roomId: string; tapId: string } & TapEnd);

/**
 * Why a request failed: `not_found` for an unknown transport or producer (for a consume of the SDK this means
 * a new transport, protocol.md 6.7), `invalid_sdp` for a description that cannot be used, `limit` for a bound
 * of limits.ts, `internal` for anything the engine refused.
 */
export type MediaErrorCode = 'not_found' | 'invalid_sdp' | 'limit' | 'internal';

export type ToWorker = {
  [N in MediaRequestName]: { id: number; name: N; args: MediaArguments<N> };
}[MediaRequestName];

export type FromWorker =
  | { id: number; ok: true; answer: MediaAnswer<MediaRequestName> }
  | { id: number; ok: false; code: MediaErrorCode; error: string }
  | { event: MediaEvent };

/** Settings of a worker, given as one JSON argument of its command line. */
export interface WorkerSettings {
  /** Addresses written into the candidates; the socket itself listens on all interfaces. */
  announcedIps: string[];
  /** 0 picks a free port. */
  port: number;
}
