import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { Ledger } from './ledger.js';

describe('Ledger', () => {
  it('commits nothing before the first record taken is done', () => {
    const ledger = new Ledger();
    ledger.take(5);
    ledger.take(6);
    ledger.finish(6);
    expect(ledger.commit()).toBeUndefined();
    ledger.finish(5);
    expect(ledger.commit()).toBe(7);
    expect(ledger.commit()).toBeUndefined();
  });

  it('ignores what was taken already, after a commit too', () => {
    const ledger = new Ledger();
    expect(ledger.take(3)).toBe(true);
    expect(ledger.take(3)).toBe(false);
    ledger.finish(3);
    ledger.commit();
    expect(ledger.take(2)).toBe(false);
    expect(ledger.take(3)).toBe(false);
    expect(ledger.take(9)).toBe(true);
  });

  test.prop([
    fc.uniqueArray(fc.nat({ max: 500 }), { minLength: 1 }),
    fc.infiniteStream(fc.nat()),
    fc.infiniteStream(fc.boolean()),
  ])(
    'never commits past a record that is not done, and commits all in the end',
    (offsets, picks, commits) => {
      const ledger = new Ledger();
      const taken = offsets.toSorted((a, b) => a - b);
      for (const offset of taken) ledger.take(offset);
      const left = [...taken];
      let committed = -1;
      while (left.length > 0) {
        const [finished] = left.splice(picks.next().value! % left.length, 1);
        ledger.finish(finished!);
        if (!commits.next().value) continue;
        const next = ledger.commit();
        if (next === undefined) continue;
        expect(next).toBeGreaterThan(committed);
        for (const undone of left) expect(undone).toBeGreaterThanOrEqual(next);
        committed = next;
      }
      committed = ledger.commit() ?? committed;
      expect(committed).toBe(taken.at(-1)! + 1);
      expect(ledger.open).toBe(0);
    },
  );
});
