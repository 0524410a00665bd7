import { decodeRuns, encodeRuns, MAX_METADATA_LENGTH, type Run } from '../consume/done-runs.js';

/** What one run takes of the metadata at most, and what it takes of it as a rule, in characters. */
const MOST_OF_ONE = 24;
const ROOM_FOR_ONE = 12;

/**
 * Which letters of one partition have been redriven: an offset before which all are, and runs beyond it, as they are
 * committed for the redrive's group. Letters that were not meant stay open, so that they can be redriven later.
 */
export class Progress {
  private readonly runs: Run[];
  private base: number;

  /** `start`: where the log begins now; `committed`: what an earlier redrive has left. */
  constructor(start: number, committed?: { offset: number; metadata: string }) {
    const offset = committed?.offset ?? start;
    this.base = Math.max(start, offset);
    this.runs = decodeRuns(offset, committed?.metadata ?? '').filter(({ to }) => to > this.base);
    this.absorb();
  }

  isDone(offset: number): boolean {
    return offset < this.base || this.runs.some(({ from, to }) => from <= offset && offset < to);
  }

  /** In any order. */
  finish(offset: number): void {
    if (this.isDone(offset)) return;
    const after = this.runs.findIndex(({ from }) => from > offset);
    const at = after < 0 ? this.runs.length : after;
    const [before, next] = [this.runs[at - 1], this.runs[at]];
    const joinsNext = next?.from === offset + 1;
    if (before?.to === offset) {
      before.to = joinsNext ? next.to : offset + 1;
      if (joinsNext) this.runs.splice(at, 1);
    } else if (joinsNext) next.from = offset;
    else this.runs.splice(at, 0, { from: offset, to: offset + 1 });
    this.absorb();
  }

  /** The next offset to read, and what to commit with it. */
  standing(): { offset: number; metadata: string } {
    return { offset: this.base, metadata: encodeRuns(this.base, this.runs) };
  }

  /** Whether all of it can be committed, and `spare` runs more: what a commit leaves out would be redriven again. */
  fits(spare: number): boolean {
    if ((this.runs.length + spare) * MOST_OF_ONE < MAX_METADATA_LENGTH - MOST_OF_ONE) return true;
    return this.standing().metadata.length + (spare + 1) * ROOM_FOR_ONE < MAX_METADATA_LENGTH;
  }

  private absorb(): void {
    while (this.runs[0] && this.runs[0].from <= this.base) this.base = this.runs.shift()!.to;
  }
}
