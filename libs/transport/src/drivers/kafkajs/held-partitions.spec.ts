import { describe, expect, it } from 'vitest';
import { HeldPartitions } from './held-partitions.js';

const A0 = { topic: 'a', partition: 0 };
const A1 = { topic: 'a', partition: 1 };
const B0 = { topic: 'b', partition: 0 };

describe('HeldPartitions', () => {
  it('keeps epoch and position of what stays, and tells what came and went', () => {
    const held = new HeldPartitions();
    expect(held.replace([A0, A1])).toEqual({
      revoked: [],
      assigned: [
        { ...A0, epoch: 1 },
        { ...A1, epoch: 2 },
      ],
    });
    held.take(A0, 10, 15);
    expect(held.replace([A0, B0])).toEqual({
      revoked: [{ ...A1, epoch: 2 }],
      assigned: [{ ...B0, epoch: 3 }],
    });
    expect(held.get(A0)).toMatchObject({ epoch: 1, taken: { from: 10, next: 15 } });
    expect(held.get(A1)).toBeUndefined();
  });

  it('gives a partition that comes back another epoch, and no position', () => {
    const held = new HeldPartitions();
    held.replace([A0]);
    held.take(A0, 0, 5);
    held.replace([]);
    expect(held.replace([A0]).assigned).toEqual([{ ...A0, epoch: 2 }]);
    expect(held.get(A0)?.taken).toBeUndefined();
  });

  it('covers offsets of the epoch held now, and no others', () => {
    const held = new HeldPartitions();
    held.replace([A0]);
    expect(held.covers({ ...A0, epoch: 1 })).toBe(true);
    expect(held.covers({ ...A0, epoch: 2 })).toBe(false);
    expect(held.covers({ ...A1, epoch: 1 })).toBe(false);
    expect(held.drop()).toEqual([{ ...A0, epoch: 1 }]);
    expect(held.covers({ ...A0, epoch: 1 })).toBe(false);
  });

  it('renews one partition without touching the others', () => {
    const held = new HeldPartitions();
    held.replace([A0, A1]);
    expect(held.renew(A0)).toEqual({ revoked: [{ ...A0, epoch: 1 }], assigned: [{ ...A0, epoch: 3 }] });
    expect(held.get(A1)?.epoch).toBe(2);
    expect(held.renew(B0)).toBeUndefined();
  });
});
