/** Numbered calls that go on, so many side by side, until they are ended; one that fails ends the load. */
export class Load<T> {
  readonly answers: T[] = [];
  private readonly lines: Promise<void>[];
  private next = 0;
  private stopped = false;

  constructor(call: (n: number) => Promise<T>, sideBySide: number) {
    const line = async () => {
      while (!this.stopped) this.answers.push(await call(this.next++));
    };
    this.lines = Array.from({ length: sideBySide }, line);
  }

  /** Resolves once the calls under way are answered; rejects with what any of them failed with. */
  async end(): Promise<readonly T[]> {
    this.stopped = true;
    await Promise.all(this.lines);
    return this.answers;
  }
}
