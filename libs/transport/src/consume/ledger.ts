import type { Run } from './done-runs.js';

/**
 * Which of one partition's offsets are done, for one assignment. Records finish in any order; what may be committed
 * is the offset before which everything taken is done, and beside it the runs of done offsets beyond.
 */
export class Ledger {
  /** Offsets taken and not yet known to be passed by the commit, in order. */
  private readonly taken: number[] = [];
  private head = 0;
  private readonly done = new Set<number>();
  private committed: number | undefined;
  /** The next of `earlier` that offsets may be in. */
  private nextEarlier = 0;

  /** `earlier`: what an earlier owner of the partition has done beyond its last commit, in order. */
  constructor(private readonly earlier: readonly Run[] = []) {}

  /** Records that are taken and not done. */
  get open(): number {
    return this.taken.length - this.head - this.done.size;
  }

  /**
   * Takes an offset in. False where there is nothing to do for it: it is not past all taken so far, so it has been
   * taken already, or an earlier owner has done it.
   */
  take(offset: number): boolean {
    if (offset < this.next) return false;
    this.taken.push(offset);
    if (!this.wasDone(offset)) return true;
    this.done.add(offset);
    return false;
  }

  /** May be told of an offset more than once, also when the commit has passed it. */
  finish(offset: number): void {
    if (this.committed !== undefined && offset < this.committed) return;
    this.done.add(offset);
  }

  /** The offset before which everything taken is done; undefined until the first record taken is. */
  advance(): number | undefined {
    const before = this.head;
    while (this.head < this.taken.length && this.done.delete(this.taken[this.head]!)) {
      this.committed = this.taken[this.head]! + 1;
      this.head += 1;
    }
    if (this.head > before) this.compact();
    return this.committed;
  }

  /** The first record that is taken and not done. */
  get firstOpen(): number | undefined {
    return this.taken[this.head];
  }

  /** What is done beyond the first open record, in order; what an earlier owner has done further on included. */
  doneBeyond(): Run[] {
    const runs: Run[] = [];
    let open: Run | undefined;
    for (let index = this.head; index < this.taken.length && this.done.size > 0; index += 1) {
      const offset = this.taken[index]!;
      if (!this.done.has(offset)) open = undefined;
      else if (open) open.to = offset + 1;
      else runs.push((open = { from: offset, to: offset + 1 }));
    }
    const { next } = this;
    for (const { from, to } of this.earlier) if (to > next) runs.push({ from: Math.max(from, next), to });
    return runs;
  }

  /** The offset after the last one taken. */
  private get next(): number {
    const last = this.taken.at(-1);
    return last === undefined ? (this.committed ?? 0) : last + 1;
  }

  private wasDone(offset: number): boolean {
    while (this.nextEarlier < this.earlier.length && this.earlier[this.nextEarlier]!.to <= offset) {
      this.nextEarlier += 1;
    }
    const run = this.earlier[this.nextEarlier];
    return run !== undefined && run.from <= offset;
  }

  private compact(): void {
    if (this.head < 1024 && this.head < this.taken.length) return;
    this.taken.splice(0, this.head);
    this.head = 0;
  }
}
