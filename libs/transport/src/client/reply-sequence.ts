/**
 * Puts the items of a reply in order. Frames come in order as a rule; where they come by two ways (the inbox has
 * moved) an early one waits for those before it. What came already is dropped.
 */
export class ReplySequence {
  /** Items of the reply that are in order, all executions of the call together. */
  received = 0;
  private early: { seq: number; items: readonly Buffer[] }[] = [];
  private earlyItems = 0;

  /** `limit`: items that may wait; the sender never had credit for more. */
  constructor(private readonly limit: number) {}

  /** Items wait for others that have not come. */
  get gap(): boolean {
    return this.early.length > 0;
  }

  /** The first item that has not come and the first after it that has. */
  get missing(): { from: number; to: number } {
    return { from: this.received, to: Math.min(...this.early.map(({ seq }) => seq)) };
  }

  /** The items that are in order now, where `items` come from number `seq` on; undefined where too many wait. */
  accept(seq: number, items: readonly Buffer[]): readonly Buffer[] | undefined {
    if (seq > this.received) {
      this.earlyItems += items.length;
      if (this.earlyItems > this.limit) return undefined;
      this.early.push({ seq, items });
      return [];
    }
    const fresh = seq === this.received ? items : items.slice(this.received - seq);
    this.received += fresh.length;
    return this.early.length === 0 ? fresh : [...fresh, ...this.caughtUp()];
  }

  /** Another execution goes on: what came early of the one before is of no use. */
  restart(): void {
    this.early = [];
    this.earlyItems = 0;
  }

  private caughtUp(): Buffer[] {
    const fresh: Buffer[] = [];
    for (;;) {
      const next = this.early.find(({ seq }) => seq <= this.received);
      if (!next) return fresh;
      this.early.splice(this.early.indexOf(next), 1);
      this.earlyItems -= next.items.length;
      const items = next.items.slice(this.received - next.seq);
      this.received += items.length;
      fresh.push(...items);
    }
  }
}
