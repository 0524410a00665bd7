import type { Driver } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import { RecordParcel } from '../link/parcel.js';
import type { Sender } from '../link/sender.js';
import { SendSpan } from '../telemetry/send-span.js';
import { activeTracer } from '../telemetry/tracing.js';
import { eventTopic, type EventTopicShape } from '../link/topics.js';
import type { Status } from '../wire/status.js';
import type { KeptLetter } from './letter.js';
import { redrivenRecord } from './redriven-record.js';

/** What is under way at a time, at most. */
const MOST_RECORDS = 256;
const MOST_BYTES = 16 * 1024 * 1024;
/** How long a broker may take to acknowledge a letter, in ms. */
const TIMEOUT_MS = 30_000;

/** Letters on their way back to their topics. */
export class Outbox {
  private records = 0;
  private bytes = 0;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly driver: Driver,
    private readonly sender: Sender,
    private readonly way: { everyHandler: boolean; events: EventTopicShape },
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** Sends behind what was sent before. Exactly one of the two is called, once, within about 30 s. */
  async send(letter: KeptLetter, delivered: () => void, failed: (status: Status) => void): Promise<void> {
    const { topic } = letter.origin;
    const partitions = await this.driver.partitions(topic);
    if (partitions.length === 0) {
      failed({ code: 'NOT_FOUND', message: `topic ${topic} does not exist` });
      return;
    }
    const { everyHandler, events } = this.way;
    const { compression } = eventTopic(topic, events);
    const settle = (outcome: () => void) => {
      this.records -= 1;
      this.bytes -= parcel.bytes;
      outcome();
      for (const listener of this.listeners) listener();
    };
    const record = redrivenRecord(letter, { partitions, everyHandler, compression, now: this.now() });
    const tracer = activeTracer();
    const span = tracer && SendSpan.onward(tracer, record);
    const parcel: RecordParcel = new RecordParcel(
      span ? { ...record, headers: span.headers } : record,
      performance.now() + TIMEOUT_MS,
      offset => {
        span?.delivered({ partition: record.partition, offset });
        settle(delivered);
      },
      status => {
        span?.failed(ParleyException.of(status));
        settle(() => failed(status));
      },
    );
    this.records += 1;
    this.bytes += parcel.bytes;
    const refused = this.sender.offer(parcel);
    if (refused) parcel.failed(refused);
  }

  /** Resolves once there is room for a letter. Rejects where the signal aborts before. */
  room(signal?: AbortSignal): Promise<void> {
    return this.until(() => this.records < MOST_RECORDS && this.bytes < MOST_BYTES, signal);
  }

  /** Resolves once nothing is under way. */
  settled(): Promise<void> {
    return this.until(() => this.records === 0);
  }

  private until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise<void>((resolve, reject) => {
      const end = (outcome: () => void) => {
        this.listeners.delete(listener);
        signal?.removeEventListener('abort', onAbort);
        outcome();
      };
      const listener = () => {
        if (condition()) end(resolve);
      };
      const onAbort = () => end(() => reject(signal?.reason as Error));
      this.listeners.add(listener);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
