/** Items of a reply that have not left yet. */
export class PendingItems {
  private items: Buffer[] = [];
  private size = 0;

  get count(): number {
    return this.items.length;
  }

  get bytes(): number {
    return this.size;
  }

  add(item: Buffer): void {
    this.items.push(item);
    this.size += item.length;
  }

  clear(): void {
    this.items = [];
    this.size = 0;
  }

  /** Drops all but the first ones. */
  truncate(count: number): void {
    for (const item of this.items.splice(count)) this.size -= item.length;
  }

  /** The first ones: `most` at most, and no further one once they weigh `bytes` (a single one may weigh more). */
  take(most: number, bytes: number): Buffer[] {
    let count = 0;
    let weight = 0;
    while (count < most && (count === 0 || weight + this.items[count]!.length <= bytes)) {
      weight += this.items[count]!.length;
      count += 1;
    }
    this.size -= weight;
    if (count < this.items.length) return this.items.splice(0, count);
    const all = this.items;
    this.items = [];
    return all;
  }
}
