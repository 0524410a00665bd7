import { expect, it } from 'vitest';
import { Stall } from './stall.js';

it('a stall is told each time, and its end once', () => {
  const told: unknown[] = [];
  const stall = new Stall({ where: 'tail of a', emit: (event, detail) => told.push([event, detail]) });
  stall.over();
  stall.tell(1_500.4);
  stall.tell(1_500);
  stall.over();
  stall.over();
  expect(told).toEqual([
    ['stalled', { where: 'tail of a', forMs: 1_500 }],
    ['stalled', { where: 'tail of a', forMs: 1_500 }],
    ['resumed', { where: 'tail of a' }],
  ]);
});
