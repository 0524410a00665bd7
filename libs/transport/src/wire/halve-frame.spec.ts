import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { decodeFrames, encodeFrame, type Frame } from './frame.js';
import { halveFrame } from './halve-frame.js';
import { PartAssembly } from './part-assembly.js';

const of = { callId: 'c', execution: 'e' };
const item = fc.uint8Array({ maxLength: 6000 }).map(bytes => Buffer.from(bytes));

/** As small as it gets. */
function divided(encoded: Buffer): Frame[] {
  const halves = halveFrame(encoded);
  return halves ? halves.flatMap(divided) : decodeFrames(encoded);
}

describe('halveFrame', () => {
  test.prop([fc.array(item, { maxLength: 5 }), fc.nat({ max: 1000 }), fc.boolean()])(
    'keeps the items, their order and their numbers, however often it is done',
    (items, seq, last) => {
      const total = seq + items.length;
      const frame: Frame = last
        ? { kind: 'complete', ...of, total, items }
        : { kind: 'next', ...of, seq, items };
      const got: Buffer[] = [];
      let assembly: PartAssembly | undefined;
      for (const part of divided(encodeFrame(frame))) {
        if (part.kind === 'next') {
          expect(part.seq).toBe(seq + got.length);
          got.push(...part.items);
        } else if (part.kind === 'part') {
          expect(part.seq).toBe(seq + got.length);
          expect(part.bytes.length).toBeLessThan(2048);
          assembly ??= new PartAssembly(part.size);
          assembly.add(part);
          if (!assembly.whole) continue;
          got.push(assembly.take());
          assembly = undefined;
        } else {
          expect(part).toEqual({ kind: 'complete', ...of, total, items: [] });
        }
      }
      expect(got).toEqual(frame.items);
    },
  );

  it('leaves what carries no items as it is', () => {
    expect(halveFrame(encodeFrame({ kind: 'cancel', ...of, reason: 'r' }))).toBeUndefined();
    expect(halveFrame(encodeFrame({ kind: 'complete', ...of, total: 0, items: [] }))).toBeUndefined();
  });
});
