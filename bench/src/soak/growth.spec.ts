import { describe, expect, it } from 'vitest';
import type { Sample } from '@parley/tools/processes';
import { growths, LEAST_SETTLED, settled, type TimedSample } from './growth.js';
import { growthTable } from './table.js';

const steady: Sample = { rssMb: 150, heapMb: 40, sockets: 5, handles: 12 };

/** A sample every half minute; what differs from steady is told by number. */
function samples(count: number, at: (index: number) => Partial<Sample>): TimedSample[] {
  return Array.from({ length: count }, (_, index) => ({ at: index / 2, ...steady, ...at(index) }));
}

/** Back and forth by so much, the same each time. */
function noise(index: number, much: number): number {
  return Math.sin(index * 12.9898) * much;
}

const grown = (all: TimedSample[]) => growths(all).flatMap(({ figure, grew }) => (grew ? [figure] : []));

describe('growths', () => {
  it('finds none where nothing changes, or changes back and forth', () => {
    expect(grown(samples(20, () => ({})))).toEqual([]);
    expect(
      grown(samples(20, index => ({ rssMb: 150 + noise(index, 40), heapMb: 40 + noise(index, 6) }))),
    ).toEqual([]);
  });

  it('finds a leak below its noise', () => {
    expect(grown(samples(24, index => ({ heapMb: 40 + index * 0.4 + noise(index, 1.5) })))).toEqual([
      'heapMb',
    ]);
  });

  it('finds a socket that stays open every few rounds', () => {
    expect(grown(samples(20, index => ({ sockets: 5 + Math.floor(index / 5) })))).toEqual(['sockets']);
  });

  it('leaves out what had not settled', () => {
    expect(grown(samples(20, index => ({ heapMb: 30 + Math.min(index, 4) * 10 })))).toEqual([]);
  });

  it('forgives a few samples that are far off', () => {
    expect(grown(samples(20, index => ({ rssMb: index > 17 ? 400 : 150 })))).toEqual([]);
  });

  it('takes a slope that chance explains for none', () => {
    const heap = [40, 40, 40, 46, 41, 48, 40, 47, 45];
    const all = samples(heap.length, index => ({ heapMb: heap[index] ?? 0 }));
    expect(growths(all)[1]?.total).toBeGreaterThan(2);
    expect(grown(all)).toEqual([]);
  });

  it('takes a crawl for none, however steady', () => {
    expect(grown(samples(20, index => ({ heapMb: 40 + index * 0.05 })))).toEqual([]);
  });

  it('says nothing of too few samples', () => {
    const few = (count: number) => samples(count, index => ({ handles: index * 10 }));
    expect([7, 8].map(count => settled(few(count)).length)).toEqual([LEAST_SETTLED - 1, LEAST_SETTLED]);
    expect(grown(few(7))).toEqual([]);
    expect(grown(few(8))).toEqual(['handles']);
    expect(grown([])).toEqual([]);
  });

  it('tells the slope, what it came to, and the levels at both ends', () => {
    const [rss] = growths(samples(20, index => ({ rssMb: 100 + index * 2 })));
    expect(rss).toMatchObject({
      figure: 'rssMb',
      perMinute: 4,
      total: 30,
      first: 113,
      last: 133,
      grew: true,
    });
  });
});

describe('growthTable', () => {
  it('has a line for each figure of each process', () => {
    const table = growthTable(new Map([['server', growths(samples(20, index => ({ sockets: index })))]]));
    expect(table.split('\n')).toHaveLength(5);
    expect(table).toMatch(/server +sockets .* GREW/);
    expect(table).toMatch(/server +rss MB +150 +150 +0 +0 +0\.0 sd +steady/);
  });
});
