/** Numbered calls that go on, so many side by side, until they are ended or one fails. */
export class Load<T> {
  readonly answers: T[] = [];
  private readonly lines: Promise<void>[];
  private readonly failures: unknown[] = [];
  private next = 0;
  private stopped = false;

  constructor(call: (n: number) => Promise<T>, sideBySide: number) {
    const line = async () => {
      while (!this.stopped) this.answers.push(await call(this.next++));
    };
    const failed = (error: unknown) => {
      this.failures.push(error);
      this.stopped = true;
    };
    this.lines = Array.from({ length: sideBySide }, () => line().catch(failed));
  }

  /** Resolves once the calls under way are answered; rejects with what any of them failed with. */
  async end(): Promise<readonly T[]> {
    this.stopped = true;
    await Promise.all(this.lines);
    if (this.failures.length > 0) throw this.failures[0];
    return this.answers;
  }
}
