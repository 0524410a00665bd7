import {
  createNoopMeter,
  metrics,
  type Attributes,
  type BatchObservableCallback,
  type Meter,
  type Observable,
} from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { addFigures, Reading, type FigureName, type FigureReader } from './figures.js';
import { activeMeter } from './meter.js';

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

/** A meter of which only the names and the callback matter. */
function stage() {
  const names = new Map<Observable, string>();
  let callback: BatchObservableCallback | undefined;
  const named = (name: string) => {
    const observable = {} as Observable;
    names.set(observable, name);
    return observable;
  };
  const meter = Object.assign(Object.create(createNoopMeter()) as Meter, {
    createObservableCounter: named,
    createObservableUpDownCounter: named,
    addBatchObservableCallback: (given: BatchObservableCallback) => (callback = given),
    removeBatchObservableCallback: () => (callback = undefined),
  });
  metrics.setGlobalMeterProvider({ getMeter: () => meter });
  return {
    asked: () => callback !== undefined,
    /** What is told of a service. */
    read: async (service: string) => {
      const told: Record<string, number> = {};
      const observe = (observable: Observable, value: number, attributes?: Attributes) => {
        if (attributes?.['service'] === service) told[names.get(observable)!] = value;
      };
      await callback?.({ observe });
      return told;
    },
  };
}

describe('adding figures', () => {
  afterEach(() => {
    metrics.disable();
    activeMeter();
  });

  it('holds nothing of what has ended but what it had counted', async () => {
    const meter = stage();
    const of = { service: 'many' };
    const all = Array.from({ length: 1000 }, () =>
      addFigures(tell => {
        tell('parley.client.active_calls', 1, of);
        tell('parley.server.credit_stalls', 2, of);
      }),
    );
    const told = { 'parley.client.active_calls': 1000, 'parley.server.credit_stalls': 2000 };
    expect(await meter.read('many')).toEqual(told);
    for (const end of [...all, ...all]) end();
    expect(await meter.read('many')).toEqual({ ...told, 'parley.client.active_calls': 0 });
  });

  it('asks no SDK that is there no more', () => {
    const meter = stage();
    addFigures(() => undefined)();
    expect(meter.asked()).toBe(true);
    metrics.disable();
    activeMeter();
    expect(meter.asked()).toBe(false);
  });
});
