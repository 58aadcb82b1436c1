import {
  apply,
  type Command,
  decide,
  type Effect,
  emptyMeeting,
  type Identity,
  type MeetingState,
  type Peer,
  type Preset,
  type RefusalCode,
  type Session,
  type SessionEvent,
  view,
} from '@parley/core';
import { guest } from './presets.js';
import { Told } from './told.js';

export const KEEP_ALIVE_MS = 60_000;
/** 14 Nov 2023, a whole second. */
export const START: number = 1_700_000_000_000;

/** A meeting that is driven as the session host drives it, with the time in the test's hand. */
export class Meeting {
  readonly state: MeetingState = emptyMeeting('meeting');
  readonly events: SessionEvent[] = [];
  now = START;
  #sessions = 0;

  /** Carries a command out, and returns what was told and done. Fails when the rules refuse it. */
  do(command: Command): Told {
    const decision = decide(this.state, command, this.now);
    if ('refusal' in decision) throw new Error(`${command.type} was refused: ${decision.refusal}`);
    const effects: Effect[] = [];
    for (const event of decision.events) {
      apply(this.state, event);
      this.events.push(event);
      effects.push(...view(this.state, event));
    }
    return new Told(effects);
  }

  /** Why the rules refuse a command, or null when they accept it; nothing is carried out. */
  refusalOf(command: Command): RefusalCode | null {
    const decision = decide(this.state, command, this.now);
    return 'refusal' in decision ? decision.refusal : null;
  }

  /** What a command would change; nothing is carried out. */
  eventsOf(command: Command): SessionEvent[] {
    const decision = decide(this.state, command, this.now);
    return 'refusal' in decision ? [] : decision.events;
  }

  join(peerId: string, preset: Preset = guest(), who: Partial<Identity> = {}): Told {
    return this.do(this.joinCommand(peerId, preset, who));
  }

  joinCommand(peerId: string, preset: Preset = guest(), who: Partial<Identity> = {}): Command {
    this.#sessions++;
    return {
      type: 'Join',
      who: { ...identity(peerId, preset), ...who },
      newSession: { id: `session-${this.#sessions}`, title: 'Weekly', keepAliveMs: KEEP_ALIVE_MS },
    };
  }

  /** Joins and completes the media join, as a client does. */
  joinWithMedia(peerId: string, preset: Preset = guest(), who: Partial<Identity> = {}): void {
    this.join(peerId, preset, who);
    this.do({ type: 'JoinMedia', by: peerId });
  }

  leave(peerId: string): Told {
    return this.do({ type: 'Leave', peerId });
  }

  produce(by: string, producerId: string, options: Partial<Command & { type: 'AddProducer' }> = {}): Told {
    return this.do(produceCommand(by, producerId, options));
  }

  after(elapsedMs: number): this {
    this.now += elapsedMs;
    return this;
  }

  get session(): Session {
    if (!this.state.session) throw new Error('There is no session.');
    return this.state.session;
  }

  get peerIds(): string[] {
    return [...(this.state.session?.peers.keys() ?? [])];
  }

  get waitingIds(): string[] {
    return [...this.state.waiting.keys()];
  }

  peer(peerId: string): Peer {
    const peer = this.state.session?.peers.get(peerId);
    if (!peer) throw new Error(`${peerId} is not in the session.`);
    return peer;
  }
}

/** The participant of peer `anna` is `anna's`, so that a mix-up of the two ids fails. */
export const participantOf = (peerId: string): string => `${peerId}'s`;

export function identity(peerId: string, preset: Preset = guest()): Identity {
  return {
    peerId,
    participantId: participantOf(peerId),
    customParticipantId: `custom-${peerId}`,
    displayName: peerId.toUpperCase(),
    picture: null,
    preset,
  };
}

export function produceCommand(
  by: string,
  producerId: string,
  options: Partial<Command & { type: 'AddProducer' }> = {},
): Command & { type: 'AddProducer' } {
  return {
    type: 'AddProducer',
    by,
    producerId,
    kind: 'audio',
    screenShare: false,
    paused: false,
    appData: '{"mid":"2"}',
    mimeType: 'audio/opus',
    transportId: `send-${by}`,
    ...options,
  };
}
