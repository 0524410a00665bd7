import type { Body } from '../body.js';
import { askerOf } from './question.js';

/** How often each call was handled, by the asking process's number and then by the call's. */
export type HandledCounts = Map<number, Uint8Array>;

const FIRST_ROOM = 4_096;

/** Counts in a server's process how often each call reached its handler. */
export class Handlings {
  #counts: HandledCounts = new Map();

  add(body: Body): void {
    const { process, call } = askerOf(body);
    let counts = this.#counts.get(process);
    if (!counts || call >= counts.length) {
      const grown = new Uint8Array(Math.max(FIRST_ROOM, 2 ** Math.ceil(Math.log2(call + 1))));
      grown.set(counts ?? []);
      this.#counts.set(process, (counts = grown));
    }
    counts[call] = Math.min(255, (counts[call] ?? 0) + 1);
  }

  /** Returns what was counted, and begins anew. */
  take(): HandledCounts {
    const counts = this.#counts;
    this.#counts = new Map();
    return counts;
  }
}
