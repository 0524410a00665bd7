import { describe, expect, it } from 'vitest';
import { Holdings } from './holdings.js';

const zero = { topic: 'a', partition: 0 };
const one = { topic: 'a', partition: 1 };

describe('holdings', () => {
  it('keep their epoch through a share that still has them', () => {
    const held = new Holdings();
    expect(held.compare({ a: [0, 1] })).toEqual({ leaving: [], coming: [zero, one] });
    const [first, second] = [held.hold(zero), held.hold(one)];
    expect([first.epoch, second.epoch]).toEqual([1, 2]);
    expect(held.compare({ a: [0, 2] })).toEqual({
      leaving: [second],
      coming: [{ topic: 'a', partition: 2 }],
    });
    expect(held.get(zero)).toMatchObject({ epoch: 1 });
  });

  it('may be committed until they are released, but are no longer claimed', () => {
    const held = new Holdings();
    const assignment = held.hold(zero);
    held.compare({});
    expect(held.owned()).toEqual({});
    expect(held.covers(assignment)).toBe(true);
    held.release([assignment]);
    expect(held.covers(assignment)).toBe(false);
  });

  it('are released only under the epoch that was given up', () => {
    const held = new Holdings();
    const before = held.hold(zero);
    const after = held.hold(zero);
    held.release([before]);
    expect(held.covers(after)).toBe(true);
    expect(held.owned()).toEqual({ a: [0] });
  });

  it('are told once when they are lost while they are given up', () => {
    const held = new Holdings();
    held.hold(zero);
    const kept = held.hold(one);
    held.compare({ a: [1] });
    expect(held.drop()).toEqual([kept]);
    expect(held.drop()).toEqual([]);
  });

  it('tell what the group had committed', () => {
    const held = new Holdings();
    const committed = { offset: 7, metadata: 'x' };
    expect(held.hold(zero, committed)).toEqual({ ...zero, epoch: 1, committed });
    expect(held.hold(one)).toEqual({ ...one, epoch: 2 });
  });

  it('let a commit be repeated until a later one replaces it', () => {
    const held = new Holdings();
    const earlier = [
      { ...held.hold(zero), offset: 1 },
      { ...held.hold(one), offset: 1 },
    ];
    const owing = held.committing(earlier);
    expect(owing()).toEqual(earlier);
    const later = held.committing([{ ...earlier[0]!, offset: 2 }]);
    expect(owing()).toEqual([earlier[1]]);
    expect(later()).toMatchObject([{ partition: 0, offset: 2 }]);
    held.drop();
    expect(later()).toEqual([]);
  });
});
