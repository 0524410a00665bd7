import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { MAX_METADATA_LENGTH } from '../consume/done-runs.js';
import { Progress } from './progress.js';

describe('progress', () => {
  it('begins at the start of the log, or where an earlier redrive has left it', () => {
    expect(new Progress(5).standing()).toEqual({ offset: 5, metadata: '' });
    expect(new Progress(5, { offset: 9, metadata: '' }).standing().offset).toBe(9);
  });

  it('takes what retention has deleted for done', () => {
    const before = new Progress(0);
    for (const offset of [2, 3, 6]) before.finish(offset);
    const after = new Progress(3, before.standing());
    expect(after.standing().offset).toBe(4);
    expect([4, 5, 6].map(offset => after.isDone(offset))).toEqual([false, false, true]);
  });

  it('takes another’s metadata for none', () => {
    expect(new Progress(0, { offset: 4, metadata: 'anything' }).standing()).toEqual({
      offset: 4,
      metadata: '',
    });
  });

  test.prop([fc.uniqueArray(fc.nat(60)), fc.nat(60)])(
    'is after a commit what it was, in whatever order letters are done',
    (offsets, breakAt) => {
      const first = new Progress(0);
      for (const offset of offsets.slice(0, breakAt)) first.finish(offset);
      const second = new Progress(0, first.standing());
      for (const offset of offsets.slice(breakAt)) second.finish(offset);
      for (let offset = 0; offset <= 60; offset += 1)
        expect(second.isDone(offset)).toBe(offsets.includes(offset));
    },
  );

  test.prop([fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 100, maxLength: 3000 })])(
    'loses nothing of what it says that a commit holds',
    gaps => {
      const progress = new Progress(0);
      const offsets: number[] = [];
      let offset = 0;
      for (const gap of gaps) {
        if (!progress.fits(1)) break;
        progress.finish((offset += gap + 1));
        offsets.push(offset);
      }
      const { metadata, offset: base } = progress.standing();
      expect(metadata.length).toBeLessThanOrEqual(MAX_METADATA_LENGTH);
      const restored = new Progress(0, { offset: base, metadata });
      expect(offsets.every(one => restored.isDone(one))).toBe(true);
    },
  );
});
