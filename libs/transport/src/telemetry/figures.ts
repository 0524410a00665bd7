import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  Meter,
  MetricOptions,
  Observable,
} from '@opentelemetry/api';
import { activeMeter, onMeter } from './meter.js';

type Kind = 'now' | 'total';

/** What is read of live state when figures are asked for. */
export const FIGURES = {
  'parley.link.connected': ['now', '{link}', 'Links to Kafka that are connected.'],
  'parley.client.active_calls': ['now', '{call}', 'Calls of this process that wait for more of their reply.'],
  'parley.server.active_calls': ['now', '{call}', 'Calls that run in this process, streams included.'],
  'parley.server.records_in_hand': ['now', '{record}', 'Records taken in and not finished.'],
  'parley.sender.queue.records': ['now', '{record}', 'Records that wait to be acknowledged by a broker.'],
  'parley.sender.queue.size': ['now', 'By', 'What they weigh.'],
  'parley.consumer.lag': ['now', '{record}', 'Records of a partition that are not done.'],
  'parley.consumer.rebalances': ['total', '{rebalance}', 'Assignments of partitions to this process.'],
  'parley.server.credit_stalls': [
    'total',
    '{stall}',
    'How often replies waited for their callers to take more.',
  ],
} as const satisfies Record<string, readonly [Kind, unit: string, description: string]>;

export type FigureName = keyof typeof FIGURES;
export type Tell = (name: FigureName, value: number, attributes: Attributes) => void;
export type FigureReader = (tell: Tell) => void;

interface Told {
  name: FigureName;
  value: number;
  attributes: Attributes;
}

const readers = new Set<FigureReader>();
/** The totals of what has ended: what was counted once stays counted. */
const past = new Map<string, Told>();
const tellPast: FigureReader = tell => {
  for (const { name, value, attributes } of past.values()) tell(name, value, attributes);
};
let observed: { meter: Meter; callback: BatchObservableCallback; all: Observable[] } | undefined;

/** Adds what is read each time figures are asked for, until the returned function is called. */
export function addFigures(reader: FigureReader): () => void {
  readers.add(reader);
  observe(activeMeter());
  return () => {
    if (!readers.delete(reader)) return;
    reader((name, value, attributes) => {
      if (FIGURES[name][0] === 'total') add(past, name, value, attributes);
    });
  };
}

/**
 * Reads all, each time anew. What several links or servers tell alike is their sum. An SDK goes on exporting what it was
 * told last: so what nobody tells any more, of a partition that another instance has now, is told as 0.
 */
export class Reading {
  private before = new Map<string, Told>();

  of(all: Iterable<FigureReader>): Told[] {
    const now = new Map<string, Told>();
    for (const { name, attributes } of this.before.values())
      if (FIGURES[name][0] === 'now') add(now, name, 0, attributes);
    for (const read of all) read((name, value, attributes) => add(now, name, value, attributes));
    this.before = now;
    return [...now.values()];
  }
}

function add(all: Map<string, Told>, name: FigureName, value: number, attributes: Attributes): void {
  const key = `${name} ${JSON.stringify(attributes)}`;
  const told = all.get(key);
  if (told) told.value += value;
  else all.set(key, { name, value, attributes });
}

onMeter(observe);

/** Has an SDK ask for the figures, from when there is anything to read, until another one is registered. */
function observe(meter: Meter | undefined): void {
  if (observed?.meter === meter || (!observed && readers.size === 0)) return;
  if (observed) observed.meter.removeBatchObservableCallback(observed.callback, observed.all);
  observed = meter && begin(meter);
}

function begin(meter: Meter): typeof observed {
  const observables = new Map<string, Observable>();
  for (const [name, [kind, unit, description]] of Object.entries(FIGURES)) {
    observables.set(name, observable(meter, name, kind, { unit, description }));
  }
  const reading = new Reading();
  const callback = (result: BatchObservableResult) => {
    for (const { name, value, attributes } of reading.of([tellPast, ...readers]))
      result.observe(observables.get(name)!, value, attributes);
  };
  const all = [...observables.values()];
  meter.addBatchObservableCallback(callback, all);
  return { meter, callback, all };
}

function observable(meter: Meter, name: string, kind: Kind, options: MetricOptions): Observable {
  return kind === 'total'
    ? meter.createObservableCounter(name, options)
    : meter.createObservableUpDownCounter(name, options);
}
