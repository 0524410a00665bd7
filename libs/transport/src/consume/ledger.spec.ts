import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { decodeRuns, encodeRuns, type Run } from './done-runs.js';
import { Ledger } from './ledger.js';

describe('Ledger', () => {
  it('may be told again of what the commit has passed', () => {
    const ledger = new Ledger();
    ledger.take(0);
    ledger.finish(0);
    expect(ledger.advance()).toBe(1);
    ledger.finish(0);
    ledger.take(1);
    expect(ledger.open).toBe(1);
  });

  it('commits nothing before the first record taken is done', () => {
    const ledger = new Ledger();
    ledger.take(5);
    ledger.take(6);
    ledger.finish(6);
    expect(ledger.advance()).toBeUndefined();
    ledger.finish(5);
    expect(ledger.advance()).toBe(7);
    expect(ledger.advance()).toBe(7);
  });

  it('ignores what was taken already, after a commit too', () => {
    const ledger = new Ledger();
    expect(ledger.take(3)).toBe(true);
    expect(ledger.take(3)).toBe(false);
    ledger.finish(3);
    ledger.advance();
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
        const next = ledger.advance();
        if (next === undefined) continue;
        expect(next).toBeGreaterThanOrEqual(committed);
        for (const undone of left) expect(undone).toBeGreaterThanOrEqual(next);
        committed = next;
      }
      committed = ledger.advance() ?? committed;
      expect(committed).toBe(taken.at(-1)! + 1);
      expect(ledger.open).toBe(0);
    },
  );

  it('tells what is done beyond the first open record; offsets without one count as done', () => {
    const ledger = new Ledger();
    for (const offset of [3, 4, 5, 7, 9, 10]) ledger.take(offset);
    for (const offset of [4, 7, 10]) ledger.finish(offset);
    expect(ledger.firstOpen).toBe(3);
    expect(ledger.doneBeyond()).toEqual([
      { from: 4, to: 5 },
      { from: 6, to: 9 },
      { from: 10, to: 11 },
    ]);
    ledger.finish(5);
    expect(ledger.doneBeyond()).toEqual([
      { from: 4, to: 9 },
      { from: 10, to: 11 },
    ]);
  });

  /** Owners of one partition in turn: each takes some, finishes some of it in any order, and dies after its last commit. */
  const owners = fc.array(
    fc.record({ takes: fc.integer({ min: 1, max: 60 }), picks: fc.array(fc.nat(), { maxLength: 60 }) }),
    { minLength: 1, maxLength: 6 },
  );
  test.prop([owners])('gives the next owner exactly what is not done', lives => {
    const done = new Set<number>();
    let position = 0;
    let runs: Run[] = [];
    for (const { takes, picks } of lives) {
      const ledger = new Ledger(decodeRuns(position, encodeRuns(position, runs)));
      const open: number[] = [];
      for (let offset = position; offset < position + takes; offset += 1) {
        const isNew = ledger.take(offset);
        expect(isNew).toBe(!done.has(offset));
        if (isNew) open.push(offset);
      }
      for (const pick of picks) {
        if (open.length === 0) break;
        const [finished] = open.splice(pick % open.length, 1);
        ledger.finish(finished!);
        done.add(finished!);
      }
      position = ledger.advance() ?? position;
      runs = ledger.doneBeyond();
      for (let offset = 0; offset < position; offset += 1) expect(done.has(offset)).toBe(true);
    }
  });
});
