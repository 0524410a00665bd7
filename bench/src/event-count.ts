import { clock } from '@parley/tools/processes';
import type { Body } from './body.js';
import { type Handled, keyOf } from './system.js';

/** Counts the events that a server's handlers have seen. */
export class EventCount {
  readonly #handled: Handled = { count: 0, lastAt: 0, disordered: 0 };
  readonly #lastOfKey = new Map<string, number>();

  add(): void {
    this.#handled.count += 1;
    this.#handled.lastAt = clock();
  }

  /** A handler begins with an event of a key: earlier ones of the key are to be done with. */
  begin(body: Body): void {
    const key = keyOf(body);
    if (body.id < (this.#lastOfKey.get(key) ?? 0)) this.#handled.disordered += 1;
    this.#lastOfKey.set(key, body.id);
  }

  read(): Handled {
    return { ...this.#handled };
  }
}
