import { describe, expect, it } from 'vitest';
import { InProcessPlace } from './in-process-place.js';

async function placeOf(end: () => Promise<void>): Promise<InProcessPlace> {
  const begin = async (process: string) => ({
    journal: { process, entries: [] },
    quiet: async () => {},
    underWay: () => [],
    end,
  });
  const place = new InProcessPlace('server-2', begin, 20);
  await place.start();
  return place;
}

describe('a place that is rolled', () => {
  it('is empty until another follows, and it was no crash', async () => {
    let ends = 0;
    const place = await placeOf(async () => void ends++);
    await place.roll();
    await place.end();
    expect(ends).toBe(1);
    await place.start();
    expect(place.journals.map(({ process }) => process)).toEqual(['server-2.1', 'server-2.2']);
    expect(place.crashes).toEqual([]);
  });

  it.each<[string, () => Promise<void>, string]>([
    ['does not end', () => new Promise(() => {}), 'server-2, rolled: Error: it did not end within 0.02 s'],
    ['ends badly', () => Promise.reject(new Error('stuck')), 'server-2, rolled: Error: stuck'],
  ])('tells of a crash where it %s', async (_, end, crash) => {
    const place = await placeOf(end);
    await place.roll();
    expect(place.crashes).toEqual([crash]);
  });
});
