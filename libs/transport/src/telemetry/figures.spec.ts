import { describe, expect, it } from 'vitest';
import { Reading, type FigureName, type FigureReader } from './figures.js';

function reader(name: FigureName, value: number, service: string): FigureReader {
  return tell => tell(name, value, { service });
}

describe('reading figures', () => {
  it('sums what is told alike, and keeps the rest apart', () => {
    const calls = (service: string, value: number) => reader('parley.client.active_calls', value, service);
    expect(new Reading().of([calls('a', 1), calls('b', 2), calls('a', 4)])).toEqual([
      { name: 'parley.client.active_calls', value: 5, attributes: { service: 'a' } },
      { name: 'parley.client.active_calls', value: 2, attributes: { service: 'b' } },
    ]);
  });

  it('tells 0 of what is gone, and nothing of a total', () => {
    const reading = new Reading();
    reading.of([reader('parley.consumer.lag', 7, 'a'), reader('parley.consumer.rebalances', 3, 'a')]);
    const gone = [{ name: 'parley.consumer.lag', value: 0, attributes: { service: 'a' } }];
    expect(reading.of([])).toEqual(gone);
    expect(reading.of([])).toEqual(gone);
  });
});
