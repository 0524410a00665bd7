/** Lets so many in at a time; the others wait their turn, in order. */
export class Turnstile {
  private inside = 0;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  /** Undefined where there is room at once; else resolves when there is. */
  enter(): Promise<void> | undefined {
    if (this.inside >= this.limit) return new Promise<void>(resolve => void this.queue.push(resolve));
    this.inside += 1;
    return undefined;
  }

  /** Whoever has entered leaves once. */
  leave(): void {
    const next = this.queue.shift();
    if (next) next();
    else this.inside -= 1;
  }
}
