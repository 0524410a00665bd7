/** Lets so many in at a time; the others wait their turn, in order. */
export class Turnstile {
  private inside = 0;
  private readonly queue = new Set<() => void>();

  constructor(private readonly limit: number) {}

  /** How many wait. */
  get waiting(): number {
    return this.queue.size;
  }

  /** Undefined where there is room at once; else resolves when there is. */
  enter(): Promise<void> | undefined {
    if (this.pass()) return undefined;
    return new Promise<void>(resolve => void this.wait(resolve));
  }

  /** Enters where there is room at once; false where there is none. */
  pass(): boolean {
    if (this.inside >= this.limit) return false;
    this.inside += 1;
    return true;
  }

  /** Waits for a turn: `onTurn` has entered when it is called. Until then what is returned gives the turn up. */
  wait(onTurn: () => void): () => void {
    this.queue.add(onTurn);
    return () => void this.queue.delete(onTurn);
  }

  /** Whoever has entered leaves once. */
  leave(): void {
    const [next] = this.queue;
    if (!next) {
      this.inside -= 1;
      return;
    }
    this.queue.delete(next);
    next();
  }
}
