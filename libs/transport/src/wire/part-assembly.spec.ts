import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { PartAssembly } from './part-assembly.js';
import { halvesOf, MIN_PART_BYTES, partsOf, type Part } from './parts.js';
import { WireError } from './wire-error.js';

/** Bytes that tell where they belong. */
function whole(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) % 256));
}

const sizes = fc.integer({ min: 1, max: 12 * MIN_PART_BYTES });
const partSizes = fc.integer({ min: MIN_PART_BYTES, max: 5 * MIN_PART_BYTES });

describe('parts', () => {
  test.prop([
    sizes,
    partSizes,
    fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
    fc.nat({ max: 3 }),
  ])(
    'in any order, halved or whole, any of them twice, give the whole once',
    (size, partBytes, randomness, repeats) => {
      const random = () => randomness.next().value;
      const data = whole(size);
      const sent: Part[] = [];
      for (const part of partsOf(data, partBytes)) {
        const halves = random() < 0.3 ? halvesOf(part) : undefined;
        sent.push(...(halves ?? [part]));
        // A batch that was sent again comes as it was, or in the pieces that it was sent in.
        for (let n = 0; n < repeats; n += 1) if (random() < 0.3) sent.push(...(halves ?? [part]));
        if (halves && random() < 0.3) sent.push(part);
      }
      sent.sort(() => random() - 0.5);
      const assembly = new PartAssembly(size);
      let filled = 0;
      for (const part of sent) {
        // Only where the pieces came before may the part that they make up follow.
        try {
          if (assembly.add(part)) filled += part.bytes.length;
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
        expect(assembly.filled).toBe(filled);
        expect(filled).toBeLessThanOrEqual(size);
      }
      expect(assembly.whole).toBe(true);
      expect(assembly.gap).toBe(false);
      expect(assembly.take().equals(data)).toBe(true);
    },
  );

  test.prop([fc.integer({ min: 2 * MIN_PART_BYTES + 1, max: 12 * MIN_PART_BYTES }), fc.nat()])(
    'of which one is lost never give a whole, and leave a gap where another follows',
    (size, which) => {
      const parts = partsOf(whole(size), MIN_PART_BYTES);
      const lost = which % parts.length;
      const assembly = new PartAssembly(size);
      for (const [index, part] of parts.entries()) if (index !== lost) assembly.add(part);
      expect(assembly.whole).toBe(false);
      expect(assembly.gap).toBe(lost < parts.length - 1);
    },
  );

  test.prop([
    fc.integer({ min: 1, max: 20_000 }),
    fc.array(fc.record({ at: fc.nat({ max: 20_000 }), length: fc.nat({ max: 3000 }) })),
  ])('of any kind are taken or refused, and never make more than they claimed', (size, claims) => {
    const assembly = new PartAssembly(size);
    for (const { at, length } of claims) {
      try {
        assembly.add({ at, bytes: Buffer.alloc(length) });
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
      expect(assembly.filled).toBeLessThanOrEqual(size);
    }
    if (assembly.whole) expect(assembly.take()).toHaveLength(size);
  });

  it('are refused where they are too small to be many, reach beyond the end, or half cover what came', () => {
    const assembly = new PartAssembly(10_000);
    const add = (at: number, length: number) => assembly.add({ at, bytes: Buffer.alloc(length) });
    expect(() => add(0, 0)).toThrow('a part of 0 bytes');
    expect(() => add(0, 1023)).toThrow('only a last one is less than 1024');
    expect(() => add(9000, 1001)).toThrow('a part ends at byte 10001 of 10000');
    expect(add(9990, 10)).toBe(true);
    expect(add(2000, 2000)).toBe(true);
    expect(() => add(1000, 2000)).toThrow('covers what came only in part');
    expect(() => add(3000, 2000)).toThrow('covers what came only in part');
    expect(() => add(1000, 4000)).toThrow('covers what came only in part');
    expect(add(2500, 1024)).toBe(false);
  });

  it('are halved while both halves may stand alone', () => {
    const data = whole(2 * MIN_PART_BYTES);
    expect(halvesOf({ at: 5, bytes: data })).toEqual([
      { at: 5, bytes: data.subarray(0, MIN_PART_BYTES) },
      { at: 5 + MIN_PART_BYTES, bytes: data.subarray(MIN_PART_BYTES) },
    ]);
    expect(halvesOf({ at: 5, bytes: data.subarray(1) })).toBeUndefined();
  });
});
