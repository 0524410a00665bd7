import { Consumption, type RecordWork } from '../consume/consumption.js';
import { justWait } from '../consume/lanes.js';
import type { Driver, ReceivedRecord } from '../drivers/driver.js';
import { Pace } from '../dead/pace.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import { laneOf, type Events } from '../server/events/events.js';
import type { EventHandler } from '../server/handlers.js';
import { replayEvent, type ReplayedEventOptions } from './replayed-event.js';
import type { ReplayOptions, ReplayReport } from './replay-options.js';
import { ReplayReader } from './replay-reader.js';
import { ReplayTally } from './replay-tally.js';
import type { Stretch } from './stretches.js';

export interface ReplayRun extends Pick<ReplayOptions, 'failures' | 'perSecond' | 'onProgress'> {
  driver: Driver;
  events: Events;
  pattern: string;
  topic: string;
  stretches: readonly Stretch[];
  handlers: ReadonlySet<EventHandler>;
  concurrency: number;
  /** How long what runs may take to finish once the replay is to end, in ms. */
  drainTimeoutMs: number;
  signal: AbortSignal;
}

/** One reading of a topic's stretches for handlers that had their events before: in lanes and bounds of its own. */
export class Replay {
  private readonly tally: ReplayTally;
  private readonly reader: ReplayReader;
  private readonly consumption: Consumption;
  private readonly given: ReplayedEventOptions;
  private readonly ending: Promise<void>;
  private end: () => void = () => undefined;
  /** Events that were read and are not settled. */
  private open = 0;
  private allRead = false;
  /** Ends what waits, where there is no use in it any more. */
  private readonly stopping = new AbortController();
  private failure: ParleyException | undefined;

  constructor(private readonly run: ReplayRun) {
    const { driver, events, pattern, topic, stretches, handlers, failures, perSecond } = run;
    const signal = AbortSignal.any([run.signal, this.stopping.signal]);
    this.tally = new ReplayTally(topic, stretches);
    this.ending = new Promise(resolve => (this.end = resolve));
    const pace = new Pace(perSecond);
    const keepsFailures = failures !== 'report';
    this.given = { events, pattern, handlers, keepsFailures, pace, tally: this.tally, signal };
    this.reader = new ReplayReader({
      driver,
      topic,
      stretches,
      onEnd: () => this.allWasRead(),
      onLost: partition => this.tally.lost(partition),
      onSilence: error => this.fail(error),
      onDone: offsets => {
        this.tally.done(offsets);
        run.onProgress?.(this.tally.report);
      },
    });
    this.consumption = new Consumption(this.reader, {
      group: `replay of ${topic}`,
      topics: [topic],
      concurrency: run.concurrency,
      work: record => this.work(record),
      onCommitError: error => this.fail(error),
    });
  }

  /** Resolves with what became of the events. Rejects UNAVAILABLE, with the report as its details, where Kafka is silent. */
  async whole(): Promise<ReplayReport> {
    const { signal, stretches, drainTimeoutMs } = this.run;
    const { report } = this.tally;
    if (stretches.every(({ from, to }) => from === to)) {
      this.tally.ended();
      return report;
    }
    const { end } = this;
    signal.addEventListener('abort', end, { once: true });
    try {
      if (!signal.aborted) {
        await this.consumption.start();
        await this.ending;
      }
    } finally {
      signal.removeEventListener('abort', end);
      await this.consumption.drain(drainTimeoutMs);
      await this.reader.close();
    }
    if (this.failure)
      throw new ParleyException('UNAVAILABLE', `the replay has stopped: ${this.failure.message}`, report);
    if (this.allRead && this.open === 0) this.tally.ended();
    return report;
  }

  private work(record: ReceivedRecord): RecordWork {
    this.open += 1;
    return {
      lane: laneOf(record),
      run: async (_done, park = justWait) => {
        try {
          await replayEvent(record, park, this.given);
        } catch (error) {
          if (!this.given.signal.aborted) this.fail(error as Error);
          throw error;
        }
        this.open -= 1;
        if (this.allRead && this.open === 0) this.end();
      },
    };
  }

  private allWasRead(): void {
    this.allRead = true;
    if (this.open === 0) this.end();
  }

  private fail(error: Error): void {
    this.failure ??=
      error instanceof ParleyException ? error : new ParleyException('INTERNAL', error.message);
    this.stopping.abort();
    this.end();
  }
}
