/** First in, first out for each source; sources take turns, so that a long queue of one delays others by one item each. */
export class FairQueue<T> {
  /** In the order of their turns. None is empty. */
  private readonly queues = new Map<string, { items: T[]; head: number }>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  push(source: string, item: T): void {
    const queue = this.queues.get(source);
    if (queue) queue.items.push(item);
    else this.queues.set(source, { items: [item], head: 0 });
    this.count += 1;
  }

  shift(): T | undefined {
    const [turn] = this.queues;
    if (!turn) return undefined;
    const [source, queue] = turn;
    const item = queue.items[queue.head]!;
    queue.head += 1;
    this.count -= 1;
    if (queue.head === queue.items.length) this.queues.delete(source);
    else if (this.queues.size > 1) {
      this.queues.delete(source);
      this.queues.set(source, queue);
    }
    if (queue.head > 1024) {
      queue.items.splice(0, queue.head);
      queue.head = 0;
    }
    return item;
  }

  clear(): void {
    this.queues.clear();
    this.count = 0;
  }
}
