const SETTLING_MS = 1_000;
const SETTLING_EVERY_MS = 50;

/**
 * Sends heartbeats one after another: the next one `everyMs` after the last was answered, and sooner for a second
 * after the start, since what a rebalance moves takes a second rebalance, which follows at once.
 */
export class Heartbeats {
  private timer: NodeJS.Timeout | undefined;
  private beating = false;
  private startedAt = 0;

  constructor(
    private readonly everyMs: number,
    /** Never rejects. */
    private readonly beat: () => Promise<void>,
  ) {}

  start(): void {
    if (this.beating) return;
    this.beating = true;
    this.startedAt = performance.now();
    this.schedule();
  }

  stop(): void {
    this.beating = false;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    clearTimeout(this.timer);
    const isSettling = performance.now() - this.startedAt < SETTLING_MS;
    const delayMs = isSettling ? Math.min(SETTLING_EVERY_MS, this.everyMs) : this.everyMs;
    this.timer = setTimeout(() => {
      void this.beat().finally(() => {
        if (this.beating) this.schedule();
      });
    }, delayMs);
  }
}
