/** Gives the one database session to one connection at a time, first come, first served. */
export class Turns {
  private taken = false;
  private readonly waiting: Array<() => void> = [];

  /** Resolves once the turn is the caller's; `release` must follow. */
  async take(): Promise<void> {
    if (!this.taken) {
      this.taken = true;
      return;
    }
    await new Promise<void>(resolve => this.waiting.push(resolve));
  }

  release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.taken = false;
    else next();
  }
}
