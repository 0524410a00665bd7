/** Delays between tries: doubling from `firstMs` to `mostMs`, each cut at random by up to half. */
export class Backoff {
  private nextMs: number;

  constructor(
    private readonly firstMs = 50,
    private readonly mostMs = 1_000,
    private readonly random: () => number = Math.random,
  ) {
    this.nextMs = firstMs;
  }

  /** The delay before the next try, in milliseconds. */
  take(): number {
    const delay = this.nextMs;
    this.nextMs = Math.min(this.nextMs * 2, this.mostMs);
    return delay * (1 - this.random() / 2);
  }

  reset(): void {
    this.nextMs = this.firstMs;
  }
}
