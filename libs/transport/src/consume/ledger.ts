/**
 * Which of one partition's offsets are done, for one assignment. Records finish in any order; what may be committed
 * is the offset before which everything taken is done.
 */
export class Ledger {
  /** Offsets taken and not yet known to be passed by the commit, in order. */
  private readonly taken: number[] = [];
  private head = 0;
  private readonly done = new Set<number>();
  private committed: number | undefined;

  /** Records that are taken and not done. */
  get open(): number {
    return this.taken.length - this.head - this.done.size;
  }

  /** Takes an offset in; false for one that is not past all taken so far: it has been taken already. */
  take(offset: number): boolean {
    const last = this.taken.at(-1) ?? (this.committed === undefined ? -1 : this.committed - 1);
    if (offset <= last) return false;
    this.taken.push(offset);
    return true;
  }

  finish(offset: number): void {
    this.done.add(offset);
  }

  /** The next offset to read that has not been handed out yet; undefined while nothing is new. */
  commit(): number | undefined {
    let next: number | undefined;
    while (this.head < this.taken.length && this.done.delete(this.taken[this.head]!)) {
      next = this.taken[this.head]! + 1;
      this.head += 1;
    }
    if (next === undefined) return undefined;
    this.committed = next;
    this.compact();
    return next;
  }

  private compact(): void {
    if (this.head < 1024 && this.head < this.taken.length) return;
    this.taken.splice(0, this.head);
    this.head = 0;
  }
}
