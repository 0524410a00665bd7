import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.js';

function drain<T>(queue: FairQueue<T>): T[] {
  const items: T[] = [];
  while (queue.size > 0) items.push(queue.shift()!);
  return items;
}

describe('FairQueue', () => {
  it('lets sources take turns', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) queue.push(item[0]!, item);
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect(queue.shift()).toBeUndefined();
  });

  it('forgets all when it is cleared', () => {
    const queue = new FairQueue<number>();
    queue.push('a', 1);
    queue.clear();
    expect([queue.size, queue.shift()]).toEqual([0, undefined]);
  });

  it('keeps the order of a long queue', () => {
    const queue = new FairQueue<number>();
    const items = Array.from({ length: 5000 }, (_, n) => n);
    for (const item of items) queue.push('a', item);
    expect(drain(queue)).toEqual(items);
  });

  test.prop([fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { maxLength: 60 })])(
    'gives each item once, those of one source in order, however pushes and shifts come',
    steps => {
      const queue = new FairQueue<{ source: string; n: number }>();
      const given: { source: string; n: number }[] = [];
      for (const [n, [source, shifts]] of steps.entries()) {
        queue.push(source, { source, n });
        if (shifts) given.push(queue.shift()!);
      }
      given.push(...drain(queue));
      expect(given).toHaveLength(steps.length);
      for (const source of ['a', 'b', 'c']) {
        const order = given.filter(item => item.source === source).map(({ n }) => n);
        expect(order).toEqual([...new Set(order)].toSorted((a, b) => a - b));
      }
    },
  );
});
