import type { Clock } from '../clock.js';

/** A clock that stands still until a spec moves it. */
export class ManualClock implements Clock {
  private time = 0;
  private readonly timers = new Map<object, { at: number; fn: () => void }>();

  now(): number {
    return this.time;
  }

  after(ms: number, fn: () => void): () => void {
    const key = {};
    this.timers.set(key, { at: this.time + ms, fn });
    return () => this.timers.delete(key);
  }

  get pending(): number {
    return this.timers.size;
  }

  /** Lets `ms` pass, and every timer that is due in the meantime fire at its time. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end).toSorted(([, a], [, b]) => a.at - b.at);
      const [first] = due;
      if (!first) break;
      const [key, { at, fn }] = first;
      this.timers.delete(key);
      this.time = Math.max(this.time, at);
      fn();
    }
    this.time = end;
  }
}
