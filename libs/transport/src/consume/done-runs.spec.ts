import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  decodeRuns,
  encodeRuns,
  MAX_METADATA_LENGTH,
  MAX_RUN_BYTES,
  mostRunBytes,
  type Run,
} from './done-runs.js';

const position = fc.nat({ max: 2 ** 40 });
const steps = (maxLength: number) =>
  fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 })), { maxLength });

function runsFrom(start: number, gaps: readonly (readonly [number, number])[]): Run[] {
  let at = start;
  return gaps.map(([gap, length]) => {
    const run = { from: at + gap, to: at + gap + length };
    at = run.to;
    return run;
  });
}

describe('runs of done offsets', () => {
  test.prop([position, steps(200)])('are read as they were written', (start, gaps) => {
    const runs = runsFrom(start, gaps);
    expect(decodeRuns(start, encodeRuns(start, runs))).toEqual(runs);
  });

  test.prop([position, steps(6000)], { numRuns: 20 })(
    'are never longer than the broker takes: the last are left out, none is made up',
    (start, gaps) => {
      const runs = runsFrom(start, gaps);
      const text = encodeRuns(start, runs);
      expect(text.length).toBeLessThanOrEqual(MAX_METADATA_LENGTH);
      const read = decodeRuns(start, text);
      expect(read).toEqual(runs.slice(0, read.length));
    },
  );

  test.prop([fc.string(), fc.uint8Array()])('that anybody else wrote are none, or runs', (text, bytes) => {
    for (const found of [text, `parley1:${text}`, `parley1:${Buffer.from(bytes).toString('base64url')}`]) {
      let last = -1;
      for (const { from, to } of decodeRuns(0, found)) {
        expect(from).toBeGreaterThanOrEqual(last);
        expect(to).toBeGreaterThan(from);
        last = to;
      }
    }
  });

  test.prop([steps(700)])('between so many open ones never take more than is reckoned with', gaps => {
    const runs = runsFrom(0, gaps);
    const open = gaps.reduce((sum, [gap]) => sum + gap, 0);
    const bytes = runs.reduce(
      (sum, run, index) => sum + bytesOf(run, runs[index - 1] ?? { from: 0, to: 0 }),
      0,
    );
    const text = encodeRuns(0, runs);
    if (bytes <= MAX_RUN_BYTES) expect(Math.ceil((bytes * 4) / 3)).toBeLessThanOrEqual(text.length);
    const reckoned = mostRunBytes(open, runs.at(-1)?.to ?? 0);
    expect(bytes).toBeLessThanOrEqual(reckoned);
    expect(mostRunBytes(gaps.length, runs.at(-1)?.to ?? 0)).toBeGreaterThanOrEqual(bytes);
  });

  it('take little: one in ten thousand records that is not done costs a few bytes', () => {
    expect(encodeRuns(0, [{ from: 1, to: 10_000 }]).length).toBeLessThan(16);
  });
});
