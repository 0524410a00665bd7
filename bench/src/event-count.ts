import { clock } from './clock.js';
import type { Handled } from './system.js';

/** Counts the events that a server's handler has seen. */
export class EventCount {
  readonly #handled: Handled = { count: 0, lastAt: 0 };

  add(): void {
    this.#handled.count += 1;
    this.#handled.lastAt = clock();
  }

  read(): Handled {
    return { ...this.#handled };
  }
}
