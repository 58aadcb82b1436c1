import type { RecorderCommand, RecorderOrder } from './contract.js';

type Message = RecorderOrder | RecorderCommand;

/** What the server has sent, kept until somebody takes it: Node drops messages that nobody listens to. */
export class Inbox {
  readonly #waiting: Message[] = [];
  #take: ((message: Message) => void) | null = null;

  constructor() {
    process.on('message', (message: Message) => {
      if (this.#take) this.#take(message);
      else this.#waiting.push(message);
    });
  }

  next(): Promise<Message> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.shift();
      if (waiting) return resolve(waiting);
      this.#take = (message) => {
        this.#take = null;
        resolve(message);
      };
    });
  }

  /** Hands over everything from now on. */
  listen(take: (message: Message) => void): void {
    this.#take = take;
    for (const message of this.#waiting.splice(0)) take(message);
  }
}
