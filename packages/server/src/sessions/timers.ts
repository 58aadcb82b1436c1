import type { SessionEvent } from '@parley/core';

/** Node fires timers up to a millisecond early; the rules compare with the clock. */
const SLACK_MS = 5;

/** The longest wait that a timer of Node takes; a longer one would fire at once. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/**
 * The timers of one meeting: the grace period of each peer whose socket is lost, the keep-alive time of an empty
 * session, the next moment of the meeting's time limit, and the time at which a recording stops by itself. The rules
 * decide when a timer fires; here is only who wakes them. A timer may fire early; it is set again until the rules
 * agree that it is time.
 */
export class MeetingTimers {
  readonly #lostPeers = new Map<string, NodeJS.Timeout>();
  #keepAlive: NodeJS.Timeout | null = null;
  #timeLimit: NodeJS.Timeout | null = null;
  #recordingStop: NodeJS.Timeout | null = null;

  constructor(
    private readonly graceMs: number,
    private readonly giveUp: (peerId: string) => void,
    private readonly endIfAbandoned: () => void,
    private readonly keepTime: () => void,
    private readonly stopDueRecordings: () => void,
  ) {}

  /** Follows what has happened to single peers. */
  follow(event: SessionEvent): void {
    switch (event.type) {
      case 'PeerConnectionLost':
        this.watch(event.peerId);
        return;
      case 'PeerReconnected':
      case 'PeerLeft':
        this.#unwatch(event.peerId);
        return;
      case 'SessionEnded':
        this.clear();
    }
  }

  /** Gives a peer whose socket is lost its grace period from now on. */
  watch(peerId: string): void {
    this.#unwatch(peerId);
    const timer = setTimeout(() => {
      this.#lostPeers.delete(peerId);
      this.giveUp(peerId);
    }, this.graceMs + SLACK_MS);
    this.#lostPeers.set(peerId, timer);
  }

  /** Null when the session is not empty, or there is none. */
  setDeadline(dueInMs: number | null): void {
    if (this.#keepAlive) clearTimeout(this.#keepAlive);
    this.#keepAlive = dueInMs === null ? null : setTimeout(this.endIfAbandoned, waitFor(dueInMs));
  }

  /** Null when nothing limits the meeting's time. */
  setTimeLimit(dueInMs: number | null): void {
    if (this.#timeLimit) clearTimeout(this.#timeLimit);
    this.#timeLimit = dueInMs === null ? null : setTimeout(this.keepTime, waitFor(dueInMs));
  }

  /** Null when no recording has a time at which it stops by itself. */
  setRecordingStop(dueInMs: number | null): void {
    if (this.#recordingStop) clearTimeout(this.#recordingStop);
    this.#recordingStop = dueInMs === null ? null : setTimeout(this.stopDueRecordings, waitFor(dueInMs));
  }

  clear(): void {
    for (const timer of this.#lostPeers.values()) clearTimeout(timer);
    this.#lostPeers.clear();
    this.setDeadline(null);
    this.setTimeLimit(null);
    this.setRecordingStop(null);
  }

  #unwatch(peerId: string): void {
    clearTimeout(this.#lostPeers.get(peerId));
    this.#lostPeers.delete(peerId);
  }
}

const waitFor = (dueInMs: number): number => Math.min(Math.max(0, dueInMs) + SLACK_MS, TIMEOUT_MAX_MS);
