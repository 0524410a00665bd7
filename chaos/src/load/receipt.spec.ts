import { describe, expect, it } from 'vitest';
import { itemOf, type Question } from './question.js';
import { Receipt } from './receipt.js';

const question: Question = { call: 'c1:7', kind: 'stream', items: 10 };

function received(...items: unknown[]): Receipt {
  const receipt = new Receipt(question);
  for (const item of items) receipt.add(item);
  return receipt;
}

describe('a receipt', () => {
  it('holds items in order as one run', () => {
    expect(received(...[0, 1, 2, 3].map(n => itemOf(question, n))).runs).toEqual([[0, 3]]);
  });

  it('shows gaps, duplicates and what is out of order', () => {
    const { runs } = received(...[0, 1, 3, 4, 4, 2].map(n => itemOf(question, n)));
    expect(runs).toEqual([
      [0, 1],
      [3, 4],
      [4, 4],
      [2, 2],
    ]);
  });

  it.each([undefined, 3, 'c1:8 0', { n: 0 }])('keeps what is no item of its stream: %j', item => {
    const { runs, strays } = received(itemOf(question, 0), item);
    expect(runs).toEqual([[0, 0]]);
    expect(strays).toHaveLength(1);
  });

  it('keeps only a few of those', () => {
    expect(received(...Array.from({ length: 100 }, () => 'x')).strays).toHaveLength(5);
  });
});
