/** What a step of closing may take at least, once the time for work is used up: to tell a caller, to commit. In ms. */
export const LAST_STEP_MS = 150;

/**
 * How long closing may take. The server and then the link of a process have it together. It passes only while one of
 * them closes: what an application does in between is not taken from it.
 */
export class DrainTime {
  private spentMs = 0;
  private since = 0;
  private closing = 0;

  constructor(
    private readonly timeoutMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** What is left for work that runs. */
  get leftMs(): number {
    const spending = this.closing > 0 ? this.now() - this.since : 0;
    return Math.max(0, this.timeoutMs - this.spentMs - spending);
  }

  /** What a step may take that has to be tried whatever is left: what was handed over last is to have a chance. */
  get stepMs(): number {
    return Math.max(LAST_STEP_MS, this.leftMs);
  }

  /** Settles as `close` does; until then the time passes. */
  async during<T>(close: () => Promise<T>): Promise<T> {
    if (this.closing === 0) this.since = this.now();
    this.closing += 1;
    try {
      return await close();
    } finally {
      this.closing -= 1;
      if (this.closing === 0) this.spentMs += this.now() - this.since;
    }
  }
}
