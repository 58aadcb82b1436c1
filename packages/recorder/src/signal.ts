/** Something that happens once, and that any number of others may wait for. */
export class Signal<T = void> {
  readonly fired: Promise<T>;
  #fire!: (value: T) => void;
  #hasFired = false;

  constructor() {
    this.fired = new Promise((resolve) => {
      this.#fire = resolve;
    });
  }

  get hasFired(): boolean {
    return this.#hasFired;
  }

  fire(value: T): void {
    this.#hasFired = true;
    this.#fire(value);
  }
}
