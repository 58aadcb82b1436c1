import type { SessionEvent } from '@parley/core';

/** Node fires timers up to a millisecond early; the rules compare with the clock. */
const SLACK_MS = 5;

/** The longest wait that a timer of Node takes; a longer one would fire at once. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/**
 * The timers of one meeting: the grace period of each peer whose socket is lost, the keep-alive time of an empty
 * session, the next moment of the meeting's time limit, the time at which a recording or the livestream stops by
 * itself, and the next count of a livestream's people. The rules decide when a timer fires; here is only who wakes them.
 * A timer may fire early; it is set again until the rules agree that it is time.
 */
export class MeetingTimers {
  readonly #lostPeers = new Map<string, NodeJS.Timeout>();
  /** The end of the keep-alive time; off while the session is not empty, or there is none. */
  readonly keepAlive: Alarm;
  /** Off when nothing limits the meeting's time. */
  readonly timeLimit: Alarm;
  /** Off when neither a recording nor the livestream has a time at which it stops by itself. */
  readonly recordingStop: Alarm;
  /** Off while a livestream's people know how many they are. */
  readonly peerCount: Alarm;

  constructor(
    private readonly graceMs: number,
    private readonly giveUp: (peerId: string) => void,
    endIfAbandoned: () => void,
    keepTime: () => void,
    stopDueRecordings: () => void,
    tellPeerCount: () => void,
  ) {
    this.keepAlive = new Alarm(endIfAbandoned);
    this.timeLimit = new Alarm(keepTime);
    this.recordingStop = new Alarm(stopDueRecordings);
    this.peerCount = new Alarm(tellPeerCount);
  }

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

  clear(): void {
    for (const timer of this.#lostPeers.values()) clearTimeout(timer);
    this.#lostPeers.clear();
    this.keepAlive.set(null);
    this.timeLimit.set(null);
    this.recordingStop.set(null);
    this.peerCount.set(null);
  }

  #unwatch(peerId: string): void {
    clearTimeout(this.#lostPeers.get(peerId));
    this.#lostPeers.delete(peerId);
  }
}

/** One moment at which the rules are asked. */
class Alarm {
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly ring: () => void) {}

  /** In place of what was set before; null turns it off. */
  set(dueInMs: number | null): void {
    if (this.#timer) clearTimeout(this.#timer);
    const waitMs = dueInMs === null ? null : Math.min(Math.max(0, dueInMs) + SLACK_MS, TIMEOUT_MAX_MS);
    this.#timer = waitMs === null ? null : setTimeout(this.ring, waitMs);
  }
}
