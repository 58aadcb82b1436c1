import {
  apply,
  type Command,
  decide,
  type Effect,
  emptyMeeting,
  isDurable,
  type MeetingState,
  type SessionEvent,
  view,
} from '@parley/core';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { MeetingId } from '../ids.js';
import { addEvent, type Changes, noChanges, type SessionRecord, startRecord } from './changes.js';
import type { Origin } from './deliver.js';
import type { Journal } from './journal.js';
import { noteLostCues } from './lost-cues.js';
import type { MeetingInfo } from './meeting-info.js';
import { Refused } from './refused.js';

/** Commands decided and committed together; what comes later waits for the next round. */
const ROUND_MAX = 500;

interface Pending {
  command: Command;
  origin: Origin | undefined;
  /** Judged at the moment of the decision, for what the rules cannot know; throws Refused. */
  guard: (() => void) | undefined;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Somebody who wants to know what the state holds. */
interface Question {
  answer: () => void;
  resolve: () => void;
  reject: (error: unknown) => void;
}

interface Outcome {
  pending: Pending;
  refusal: Refused | null;
  effects: Effect[];
}

/** What the owner of a meeting does about what the rounds bring. */
export interface RoundHandlers {
  /** The meeting that a session begins in; null as long as nobody has joined. */
  meeting(): MeetingInfo | null;
  /** An event is in the state, and not yet committed. */
  onApplied(event: SessionEvent): void;
  /** After the commit of a round and before anybody is told; a round without durable events has no changes. */
  onCommitted(changes: Changes[]): void;
  tell(effect: Effect, origin: Origin | undefined): void;
  /** Everybody was told. */
  onRoundOver(): void;
  /** Nothing is waiting any more. */
  onIdle(): void;
  /** A round could not be saved; the state may hold what the log does not. */
  onLost(): void;
}

export interface RoundOptions {
  clock: Clock;
  log: Logger;
  journal: Journal;
}

/**
 * The state of one meeting and the only way to change it: commands pass one by one through decide and apply; what they
 * changed is committed; only then is anybody told (DESIGN "One way in, one way out"). Rounds without durable events
 * tell at once.
 */
export class CommandRounds {
  #state: MeetingState;
  #record: SessionRecord | null = null;
  #queue: Pending[] = [];
  #questions: Question[] = [];
  #running = false;
  #closed = false;

  constructor(
    private readonly meetingId: MeetingId,
    private readonly options: RoundOptions,
    private readonly handlers: RoundHandlers,
  ) {
    this.#state = emptyMeeting(meetingId);
  }

  /** To be read, never to be changed. */
  get state(): MeetingState {
    return this.#state;
  }

  get record(): Readonly<SessionRecord> | null {
    return this.#record;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Goes on from what the log says. */
  resume(state: MeetingState, record: SessionRecord): void {
    this.#state = state;
    this.#record = record;
  }

  /**
   * Carries a command out. Resolves after the commit and after everybody was told; rejects with Refused when the
   * rules turn it down or it could not be saved, and then nothing has changed.
   */
  execute(command: Command, origin?: Origin, guard?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Refused('gone'));
        return;
      }
      this.#queue.push({ command, origin, guard, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  /**
   * Calls `answer` as soon as everybody was told of all that is in the state: what it reads is committed and comes to
   * nobody again as news, which the SDK would take for a second message or a second participant. Rejects with what
   * `answer` throws, or with Refused.
   */
  whenTold(answer: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Refused('gone');
      if (this.#running) {
        this.#questions.push({ answer, resolve, reject });
        return;
      }
      answer();
      resolve();
    });
  }

  /** Takes nothing more, and turns down what waits. */
  close(): void {
    this.#closed = true;
    for (const waiting of [...this.#queue.splice(0), ...this.#questions.splice(0)]) {
      waiting.reject(new Refused('gone'));
    }
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0 && !this.#closed) {
      const round = this.#queue.splice(0, ROUND_MAX);
      try {
        await this.#runRound(round);
        this.#answerQuestions();
      } catch (error) {
        // The state may hold what the log does not: whoever comes next has to read it back from there.
        this.options.log.error(
          { err: error, meetingId: this.meetingId },
          'Changes of a session could not be saved',
        );
        for (const waiting of [...round, ...this.#questions.splice(0)]) {
          waiting.reject(new Refused('not_saved'));
        }
        this.handlers.onLost();
      }
    }
    this.#running = false;
    if (!this.#closed) this.handlers.onIdle();
  }

  async #runRound(round: Pending[]): Promise<void> {
    const { outcomes, changes } = this.#decideRound(round);
    // One session may end and the next one begin in one round; each has its own changes, written in order.
    for (const one of changes) await this.options.journal.commit(one);
    this.handlers.onCommitted(changes);
    for (const outcome of outcomes) this.#finish(outcome);
    this.handlers.onRoundOver();
  }

  #answerQuestions(): void {
    for (const { answer, resolve, reject } of this.#questions.splice(0)) {
      try {
        answer();
        resolve();
      } catch (error) {
        reject(error);
      }
    }
  }

  #decideRound(round: Pending[]): { outcomes: Outcome[]; changes: Changes[] } {
    const changes: Changes[] = [];
    const outcomes = round.map((pending): Outcome => {
      try {
        pending.guard?.();
        const decision = decide(this.#state, pending.command, this.options.clock.now().getTime());
        if ('refusal' in decision) throw new Refused(decision.refusal);
        const effects = decision.events.flatMap((event) => this.#fold(event, changes));
        return { pending, refusal: null, effects };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { pending, refusal: error, effects: [] };
      }
    });
    return { outcomes, changes };
  }

  #fold(event: SessionEvent, changes: Changes[]): Effect[] {
    if (isDurable(event)) {
      const meeting = this.handlers.meeting();
      if (event.type === 'SessionStarted' && meeting) this.#record = startRecord(meeting, event);
      if (!this.#record) throw new Error(`There is no session to record ${event.type} in.`);
      let current = changes.at(-1);
      if (current?.record !== this.#record) {
        current = noChanges(this.#record);
        changes.push(current);
      }
      addEvent(current, this.#state, event);
      if (event.type === 'SessionEnded') this.#record = null;
    }
    apply(this.#state, event);
    noteLostCues(this.options.log, event);
    this.handlers.onApplied(event);
    return view(this.#state, event);
  }

  #finish({ pending, refusal, effects }: Outcome): void {
    if (refusal) {
      pending.reject(refusal);
      return;
    }
    for (const effect of effects) this.handlers.tell(effect, pending.origin);
    pending.resolve();
  }
}
