import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { decodeRuns } from './done-runs.js';
import { HeldPartition, type Standing } from './held-partition.js';
import type { Work } from './lanes.js';

/** A member's time with a partition, beginning at what the one before has committed. */
class Tenure {
  readonly begun: number[] = [];
  private readonly offsets = new Map<Work, number>();
  readonly held: HeldPartition;

  constructor(
    readonly done: Set<number>,
    committed: Standing,
  ) {
    this.held = new HeldPartition(
      { topic: 't', partition: 0, epoch: 1, committed },
      { keepsDone: true, onDue: () => undefined, begin: work => this.begun.push(this.offsets.get(work)!) },
    );
  }

  take(offset: number): void {
    const isNew = this.held.ledger.take(offset);
    if (isNew === this.done.has(offset))
      throw new Error(`${offset} is ${isNew ? '' : 'not '}to be done again`);
    if (!isNew) return;
    const work: Work = { lane: undefined, run: async () => undefined };
    this.offsets.set(work, offset);
    this.held.admit(offset, undefined, work);
  }

  finish(pick: number): void {
    const [offset] = this.begun.splice(pick % this.begun.length, 1);
    this.done.add(offset!);
    this.held.ledger.finish(offset!);
    this.held.goOn();
  }
}

/** What is still open, or was done further on, is told by a commit: of each offset from its own on. */
function isTold({ offset, metadata }: Standing): (one: number) => boolean {
  const runs = decodeRuns(offset, metadata);
  return one => {
    while (runs[0] && runs[0].to <= one) runs.shift();
    return one < offset || (runs[0]?.from ?? Infinity) <= one;
  };
}

/** As records of one key in several, which wait behind a slow one, leave them: every nth stays open. */
const life = fc.record({
  takes: fc.integer({ min: 1, max: 4500 }),
  openEach: fc.integer({ min: 2, max: 9 }),
  picks: fc.array(fc.nat(), { maxLength: 50 }),
});
const lives = fc.array(life, { minLength: 1, maxLength: 3 });
/** Records of a log may lie apart: those between were compacted away. */
const gap = fc.constantFrom(1, 2, 300);

describe('a partition that is held', () => {
  test.prop([gap, lives], { numRuns: 15 })(
    'begins with no more than a commit can tell of, whatever is done first, and with all of it in the end',
    (apart, members) => {
      const done = new Set<number>();
      let standing: Standing = { offset: 0, metadata: '' };
      let last = 0;
      for (const { takes, openEach, picks } of members) {
        const tenure = new Tenure(done, standing);
        const { held } = tenure;
        const first = Math.ceil(standing.offset / apart) * apart;
        for (let n = 0; n < takes; n += 1) tenure.take(first + n * apart);
        last = Math.max(last, first + takes * apart);
        for (const pick of picks) if (tenure.begun.length > 0) tenure.finish(pick);
        for (let at = 0; at < tenure.begun.length; at += 1) if (at % openEach > 0) tenure.finish(at);
        expect(held.ledger.open === 0 || tenure.begun.length > 0).toBe(true);
        standing = held.standing() ?? standing;
        const told = isTold(standing);
        const mistold: number[] = [];
        for (let one = first; one < last; one += apart) if (told(one) !== done.has(one)) mistold.push(one);
        expect(mistold).toEqual([]);
      }
      const heir = new Tenure(done, standing);
      for (let one = Math.ceil(standing.offset / apart) * apart; one <= last; one += apart) heir.take(one);
      while (heir.begun.length > 0) heir.finish(0);
      expect(heir.held.standing()).toEqual({ offset: last + 1, metadata: '' });
    },
  );
});
