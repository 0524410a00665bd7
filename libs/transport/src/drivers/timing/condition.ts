/** What is waited for by any number, each no longer than it says: a condition variable. */
export class Condition {
  private readonly waiting = new Set<() => void>();

  /** Resolves when it is signalled next, or after `withinMs`. */
  wait(withinMs: number): Promise<void> {
    return new Promise<void>(resolve => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.waiting.add(done);
    });
  }

  /** Whoever waits goes on. */
  signal(): void {
    for (const done of this.waiting) done();
  }
}
