/** Where time comes from, so that session and rebalance timeouts can be tested without waiting for them. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `fn` once after `ms` milliseconds unless the returned function is called before. */
  after(ms: number, fn: () => void): () => void;
}

/** The longest that Node's timers take; they fire at once for more. */
const MAX_DELAY = 2 ** 31 - 1;

/** A clock on Node's timers that can drop all of them at once, so that a closed broker leaves none behind. */
export class SystemClock implements Clock {
  private readonly timers = new Set<NodeJS.Timeout>();

  now(): number {
    return Date.now();
  }

  after(ms: number, fn: () => void): () => void {
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        fn();
      },
      Math.min(ms, MAX_DELAY),
    );
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
      clearTimeout(timer);
    };
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
