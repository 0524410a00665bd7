import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import { KnownValues } from './known-values.js';
import { activeMeter } from './meter.js';

/** The boundaries that the conventions advise, in seconds. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const RECORDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** What is counted and timed as it happens. `messaging.*` are the conventions'. */
export class Instruments {
  /** A produce request, until its answer. */
  readonly operationDuration: Histogram;
  readonly sentMessages: Counter;
  readonly consumedMessages: Counter;
  /** A run of a handler, until its reply has ended. */
  readonly processDuration: Histogram;
  /** A call at its client, until its reply has ended. */
  readonly callDuration: Histogram;
  /** Attempts of a client's policies beyond the first. */
  readonly callRetries: Counter;
  /** Runs of events' handlers beyond the first. */
  readonly eventRetries: Counter;
  readonly deadLetters: Counter;
  /** Records that came to nothing: nobody waited any more, they could not be read, or there was too much of them. */
  readonly droppedRecords: Counter;
  /** Records that leave in one produce request. */
  readonly batchSize: Histogram;
  /** What programs may make up as they run: told of by few values. */
  readonly patterns = new KnownValues();
  readonly topics = new KnownValues();

  constructor(meter: Meter) {
    const seconds = (name: string, description: string) =>
      meter.createHistogram(name, {
        unit: 's',
        description,
        advice: { explicitBucketBoundaries: SECONDS },
      });
    const count = (name: string, unit: string, description: string) =>
      meter.createCounter(name, { unit, description });
    this.operationDuration = seconds(
      'messaging.client.operation.duration',
      'Duration of messaging operation initiated by a producer or consumer client.',
    );
    this.sentMessages = count(
      'messaging.client.sent.messages',
      '{message}',
      'Number of messages producer attempted to send to the broker.',
    );
    this.consumedMessages = count(
      'messaging.client.consumed.messages',
      '{message}',
      'Number of messages that were delivered to the application.',
    );
    this.processDuration = seconds('messaging.process.duration', 'Duration of processing operation.');
    this.callDuration = seconds('parley.client.call.duration', 'Duration of a call until its reply ended.');
    this.callRetries = count(
      'parley.client.call.retries',
      '{call}',
      'Attempts of calls by policies beyond the first.',
    );
    this.eventRetries = count(
      'parley.event.retries',
      '{run}',
      'Runs of event handlers beyond the first of their event.',
    );
    this.deadLetters = count('parley.dead_letters', '{message}', 'Events kept as dead letters.');
    this.droppedRecords = count('parley.dropped_records', '{record}', 'Records read that came to nothing.');
    this.batchSize = meter.createHistogram('parley.sender.batch.size', {
      unit: '{record}',
      description: 'Records that leave in one produce request.',
      advice: { explicitBucketBoundaries: RECORDS },
    });
  }
}

let known: Meter | undefined;
let instruments: Instruments | undefined;

/** Undefined without an SDK. */
export function activeInstruments(): Instruments | undefined {
  const meter = activeMeter();
  if (meter !== known) {
    known = meter;
    instruments = meter && new Instruments(meter);
  }
  return instruments;
}
