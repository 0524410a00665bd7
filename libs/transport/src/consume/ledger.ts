import { bytesOf, type Run } from './done-runs.js';

/**
 * Which of one partition's offsets are done, for one assignment. Records finish in any order; what may be committed
 * is the offset before which everything taken is done, and beside it the runs of done offsets beyond.
 *
 * Only what is open is remembered, so that one record that stays open for long costs nothing for those that pass it. What
 * lies between two offsets taken holds no record, and counts as done.
 */
export class Ledger {
  /** Offsets taken and not done. In order, as they are taken. */
  private readonly undone = new Set<number>();
  private firstTaken: number | undefined;
  /** The offset after the last one taken. */
  private next = 0;
  /** The next of `earlier` that offsets may be in. */
  private nextEarlier = 0;
  /** What a commit takes for the runs of `earlier` from there on, in bytes. */
  earlierBytes: number;

  /** `earlier`: what an earlier owner of the partition has done beyond its last commit, in order. */
  constructor(private readonly earlier: readonly Run[] = []) {
    this.earlierBytes = earlier.reduce((sum, run, index) => sum + bytesOf(run, earlier[index - 1]), 0);
  }

  /** Records that are taken and not done. */
  get open(): number {
    return this.undone.size;
  }

  /**
   * Takes an offset in. False where there is nothing to do for it: it is not past all taken so far, so it has been
   * taken already, or an earlier owner has done it.
   */
  take(offset: number): boolean {
    if (offset < this.next) return false;
    this.firstTaken ??= offset;
    this.next = offset + 1;
    if (this.wasDone(offset)) return false;
    this.undone.add(offset);
    return true;
  }

  /** May be told of an offset more than once. */
  finish(offset: number): void {
    this.undone.delete(offset);
  }

  /** The offset before which everything taken is done; undefined until the first record taken is. */
  advance(): number | undefined {
    if (this.firstTaken === undefined) return undefined;
    const before = this.firstOpen ?? this.next;
    return before > this.firstTaken ? before : undefined;
  }

  /** The first record that is taken and not done. */
  get firstOpen(): number | undefined {
    const [first] = this.undone;
    return first;
  }

  /** What is done beyond the first open record, in order; what an earlier owner has done further on included. */
  doneBeyond(): Run[] {
    const runs: Run[] = [];
    let from: number | undefined;
    const close = (to: number) => {
      if (from !== undefined && to > from) runs.push({ from, to });
      from = to + 1;
    };
    for (const offset of this.undone) close(offset);
    close(this.next);
    for (let index = this.nextEarlier; index < this.earlier.length; index += 1) {
      const run = this.earlier[index]!;
      if (run.to > this.next) runs.push({ from: Math.max(run.from, this.next), to: run.to });
    }
    return runs;
  }

  private wasDone(offset: number): boolean {
    const { earlier } = this;
    while (this.nextEarlier < earlier.length && earlier[this.nextEarlier]!.to <= offset) {
      this.earlierBytes -= bytesOf(earlier[this.nextEarlier]!, earlier[this.nextEarlier - 1]);
      this.nextEarlier += 1;
    }
    const run = earlier[this.nextEarlier];
    return run !== undefined && run.from <= offset;
  }
}
