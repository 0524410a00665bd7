import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addFigures, Reading, type FigureName, type FigureReader } from './figures.js';
import { FakeSdk } from './spec/fake-sdk.js';

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

describe('adding figures', () => {
  let sdk: FakeSdk;
  beforeEach(() => (sdk = new FakeSdk().start()));
  afterEach(() => sdk.stop());

  it('holds nothing of what has ended but what it had counted', async () => {
    const of = { service: 'many' };
    const all = Array.from({ length: 1000 }, () =>
      addFigures(tell => {
        tell('parley.client.active_calls', 1, of);
        tell('parley.server.credit_stalls', 2, of);
      }),
    );
    const told = { 'parley.client.active_calls': 1000, 'parley.server.credit_stalls': 2000 };
    expect(await sdk.read(of)).toEqual(told);
    for (const end of [...all, ...all]) end();
    expect(await sdk.read(of)).toEqual({ ...told, 'parley.client.active_calls': 0 });
  });

  it('asks no SDK that is there no more', () => {
    addFigures(() => undefined)();
    expect(sdk.asks).toBe(true);
    sdk.stop();
    expect(sdk.asks).toBe(false);
  });
});
