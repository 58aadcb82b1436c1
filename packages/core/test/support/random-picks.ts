import { BACKEND, type MeetingState, type Peer } from '@parley/core';
import type { Random } from './random.js';
import { DEVICES, PARTICIPANTS } from './random-world.js';

/** Who and what of a meeting a random command is about: mostly what is there, now and then what is not. */
export class RandomPicks {
  #count = 0;

  constructor(
    private readonly random: Random,
    private readonly state: MeetingState,
  ) {}

  recordingId(): string {
    return this.#oneOf(this.state.session?.recordings.keys());
  }

  /** Somebody who is in, mostly one to whom the command comes naturally. */
  actor(usually: (peer: Peer) => boolean = () => true): string {
    if (this.random.chance(0.05)) return this.peerId();
    const peers = [...(this.state.session?.peers.values() ?? [])];
    const fitting = this.random.chance(0.8) ? peers.filter(usually) : [];
    return this.#oneOf((fitting.length > 0 ? fitting : peers).map((peer) => peer.peerId));
  }

  actorOrBackend(by: string): string | typeof BACKEND {
    return this.random.chance(0.2) ? BACKEND : by;
  }

  /** Of the session, of the waiting room, or of nobody who is there. */
  peerId(): string {
    const { random, state } = this;
    if (random.chance(0.15)) return this.#oneOf(state.waiting.keys());
    if (random.chance(0.1)) return `${random.of(PARTICIPANTS)}-${random.of(DEVICES)}`;
    return this.#oneOf(state.session?.peers.keys());
  }

  peerIds(max: number): string[] {
    return Array.from({ length: this.random.below(max + 1) }, () => this.peerId());
  }

  participantIds(): string[] {
    return this.random.some(PARTICIPANTS, 8);
  }

  producerId(by: string): string {
    const { random, state } = this;
    const owner = random.chance(0.95) ? by : this.peerId();
    return this.#oneOf(state.session?.peers.get(owner)?.producers.keys());
  }

  messageId(by: string): string {
    const messages = [...(this.state.session?.chat.values() ?? [])];
    const own = this.random.chance(0.8) ? messages.filter((message) => message.peerId === by) : [];
    return this.#oneOf((own.length > 0 ? own : messages).map((message) => message.id));
  }

  pollId(): string {
    return this.#oneOf(this.state.session?.polls.keys());
  }

  #oneOf(ids: Iterable<string> = []): string {
    const choices = [...ids];
    return choices.length > 0 ? this.random.of(choices) : 'nobody';
  }

  newId(kind: string): string {
    return `${kind}-${this.#count++}`;
  }
}
