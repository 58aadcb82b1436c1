import { randomUUID } from 'node:crypto';
import type { Peer, Producer, RecordingChange, Session, StopDetail } from '@parley/core';
import type { TapEnd } from '@parley/media';
import type { ParticipantId, PeerId, RecordingId } from '../ids.js';
import { MediaError, type MediaRoomEvent } from '../media/media-pool.js';
import type { TrackOrder } from '../recordings/order.js';
import { trackStem } from '../recordings/tracks/names.js';
import { layersByName } from '../recordings/tracks/order.js';
import type { MeetingMedia } from './meeting-media.js';

/** What a session needs to know of recordings of its tracks. */
export interface TrackRecorder {
  /** Where the media worker puts the files of a layer, counted from 0. */
  folderOf(recordingId: RecordingId, layer: number): string;
  /** Files of the recording are complete when `closed` resolves. */
  closing(recordingId: RecordingId, closed: Promise<unknown>): void;
  /** When the last bytes of the recording were written, in Unix ms; null when there are none. */
  lastWriteMs(recordingId: RecordingId): Promise<number | null>;
  /** Nothing was written between two moments, in Unix ms. */
  noteGap(recordingId: RecordingId, gap: TrackGap): void;
  /** The recording has failed, and what was written of it is of no use. */
  discard(recordingId: RecordingId): void;
}

export interface TrackGap {
  fromMs: number;
  toMs: number;
  reason: 'media_worker_lost' | 'server_restarted';
}

interface Tap {
  id: string;
  recordingId: RecordingId;
}

interface WantedTap {
  recordingId: RecordingId;
  layer: number;
  prefix: string;
  peer: Peer;
  producer: Producer;
}

/**
 * The taps of one session: for each recording of tracks the sound of everybody who is to be in it, and of nobody else.
 * They follow from the session's state, so a late joiner, a new microphone, a pause and the end need no rule of their own.
 */
export class TrackTaps {
  /** By what they are wanted for. */
  readonly #taps = new Map<string, Tap>();
  /** Recordings that have had no sound since their worker or the server was lost. */
  readonly #gaps = new Map<RecordingId, Omit<TrackGap, 'toMs'>>();

  constructor(
    private readonly media: MeetingMedia,
    private readonly recorder: TrackRecorder,
    private readonly onFailure: (
      recordingId: RecordingId,
      change: Extract<RecordingChange, { to: 'stopped' | 'failed' }>,
    ) => Promise<void>,
  ) {}

  /** The session was taken up after a restart: its recordings go on in new files. */
  resume(session: Session | null): void {
    for (const { id, type } of session?.recordings.values() ?? []) {
      if (type !== 'TRACK') continue;
      const recordingId = id as RecordingId;
      void this.recorder.lastWriteMs(recordingId).then((fromMs) => {
        if (fromMs !== null) this.#gaps.set(recordingId, { fromMs, reason: 'server_restarted' });
      });
    }
  }

  /** To be called after each commit, and before the media of those who left is released. */
  follow(session: Session | null): void {
    const wanted = session ? this.#wanted(session) : NONE;
    for (const [key, tap] of this.#taps) {
      if (wanted.has(key)) continue;
      this.#taps.delete(key);
      this.recorder.closing(tap.recordingId, this.#stop(tap));
    }
    for (const [key, tap] of wanted) if (!this.#taps.has(key)) this.#start(key, tap);
  }

  onEvent(event: Extract<MediaRoomEvent, { type: 'tapFile' | 'tapEnded' }>): void {
    const tap = [...this.#taps.values()].find(({ id }) => id === event.tapId);
    if (!tap) return;
    if (event.type === 'tapEnded') {
      if (event.failure) this.#writeFailed(tap.recordingId, event.failure);
      return;
    }
    const gap = this.#gaps.get(tap.recordingId);
    this.#gaps.delete(tap.recordingId);
    if (gap) this.recorder.noteGap(tap.recordingId, { ...gap, toMs: event.startedAtMs });
  }

  /** The worker died. Its files hold what they hold; clients produce anew, and so new files begin. */
  lost(atMs: number): void {
    for (const { recordingId } of this.#taps.values()) {
      if (!this.#gaps.has(recordingId))
        this.#gaps.set(recordingId, { fromMs: atMs, reason: 'media_worker_lost' });
    }
    this.#taps.clear();
  }

  #wanted(session: Session): Map<string, WantedTap> {
    const wanted = new Map<string, WantedTap>();
    for (const { id, type, order, recording } of session.recordings.values()) {
      if (type !== 'TRACK' || recording.status === 'PAUSED') continue;
      const { participantIds } = order as TrackOrder;
      const layers = layersByName(order as TrackOrder);
      for (const peer of session.peers.values()) {
        if (participantIds && !participantIds.includes(peer.participantId as ParticipantId)) continue;
        for (const producer of peer.producers.values()) {
          if (producer.kind !== 'audio') continue;
          for (const [layer, { fileNamePrefix: prefix }] of layers.entries()) {
            const key = `${id} ${layer} ${producer.producerId}`;
            wanted.set(key, { recordingId: id as RecordingId, layer, prefix, peer, producer });
          }
        }
      }
    }
    return wanted;
  }

  #start(key: string, { recordingId, layer, prefix, peer, producer }: WantedTap): void {
    const tap = { id: randomUUID(), recordingId };
    this.#taps.set(key, tap);
    const name = trackStem(prefix, {
      participantId: peer.participantId as ParticipantId,
      peerId: peer.peerId as PeerId,
      stream: producer.screenShare ? 'screenshare' : 'peer',
    });
    const folder = this.recorder.folderOf(recordingId, layer);
    const { producerId } = producer;
    this.media.request('startTap', { tapId: tap.id, producerId, folder, name }).catch((error: unknown) => {
      // What the producer or its worker has taken with it is replaced by the client's next one.
      if (error instanceof MediaError && GONE.has(error.code)) return;
      this.#fail(recordingId, `recorded: ${error instanceof Error ? error.message : error}`);
    });
  }

  /** Where the disk is the reason, the recording ends with what is in its files. */
  #writeFailed(recordingId: RecordingId, { code, error }: NonNullable<TapEnd['failure']>): void {
    const detail = DISK_REASONS[code];
    if (detail) {
      const stop = { reason: 'INTERNAL_ERROR', caller: null, detail } as const;
      void this.onFailure(recordingId, { to: 'stopped', stop });
    } else {
      this.#fail(recordingId, `written: ${error}`);
    }
  }

  #fail(recordingId: RecordingId, why: string): void {
    const error = { code: 'internal', message: `A track could not be ${why}` };
    void this.onFailure(recordingId, { to: 'failed', error }).then(() => this.recorder.discard(recordingId));
  }

  /** Asks until the worker says that the file is complete; with a worker that is gone it is as complete as it gets. */
  async #stop({ id }: Tap): Promise<void> {
    for (;;) {
      try {
        await this.media.request('stopTap', { tapId: id });
        return;
      } catch (error) {
        if (!(error instanceof MediaError) || error.code !== 'timeout') return;
      }
    }
  }
}

const NONE: ReadonlyMap<string, WantedTap> = new Map();
const GONE = new Set(['not_found', 'worker_lost', 'timeout']);

/** What the system says of a file that cannot be written. */
const DISK_REASONS: Record<string, StopDetail> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  ETIMEDOUT: 'disk_slow',
};
