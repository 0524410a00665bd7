import { Logger } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import { isObservable, lastValueFrom, type Observable } from 'rxjs';
import type { RecordWork } from '../consume/consumption.js';
import { deadLetter } from '../consume/dead-letter.js';
import type { ReceivedRecord } from '../drivers/driver.js';
import { originalError } from '../exceptions/original-errors.js';
import type { Link } from '../link/link.js';
import { sendRecord } from '../link/send-record.js';
import { eventTopic } from '../link/topics.js';
import { decodeHeader, PARLEY_HEADER, type EventHeader } from '../wire/header.js';
import { WireError } from '../wire/wire-error.js';
import { contextOfEvent } from './context-of-record.js';
import { runInScope } from './execution-scope.js';
import type { Handlers } from './handlers.js';
import type { ParleyContext } from './parley-context.js';

/** A handler that fails is run again so often, after 100 ms, 200 ms, ..., before the event becomes a dead letter. */
const RETRIES = 3;
const FIRST_RETRY_MS = 100;
/** How long one dead letter may take to be acknowledged before it is sent again, in ms. */
const DEAD_LETTER_TIMEOUT_MS = 30_000;

export interface EventsOptions {
  /** The pattern whose events a topic holds. */
  patternOf(topic: string): string | undefined;
  withHooks(context: ParleyContext, run: (end: () => void) => Promise<void>): void;
}

/** The events that this service handles: each handler runs and fails alone, and what none could handle is kept. */
export class Events {
  private readonly logger = new Logger('Parley');
  private readonly stopping = new AbortController();
  private readonly retrying = retry(handleAll, {
    maxAttempts: RETRIES,
    backoff: new ExponentialBackoff({ initialDelay: FIRST_RETRY_MS }),
  });

  constructor(
    private readonly link: Link,
    private readonly handlers: Handlers,
    private readonly options: EventsOptions,
  ) {}

  work(record: ReceivedRecord): RecordWork {
    const lane = record.key === null ? undefined : `${record.topic}/${record.key.toString('latin1')}`;
    return { lane, run: () => this.deliver(record) };
  }

  /** Gives up waiting between attempts: events that have not succeeded stay undone, for the next instance. */
  stop(): void {
    this.stopping.abort();
  }

  /** Resolves when every handler succeeded or the event is in the dead letters; rejects where this process stops first. */
  private async deliver(record: ReceivedRecord): Promise<void> {
    const pattern = this.options.patternOf(record.topic);
    if (pattern === undefined) return;
    let header: EventHeader | undefined;
    let data: unknown;
    try {
      header = eventHeader(record);
      data = this.decode(header, record);
    } catch (error) {
      await this.bury(record, error, 0);
      return;
    }
    const context = contextOfEvent(header, record, pattern);
    const outcomes = await Promise.allSettled(
      this.handlers.event(pattern).map(handler => this.handle(handler, data, context)),
    );
    const failed = outcomes.find(outcome => outcome.status === 'rejected');
    if (failed) await this.bury(record, failed.reason, RETRIES + 1);
  }

  private handle(handler: MessageHandler, data: unknown, context: ParleyContext): Promise<void> {
    return this.retrying.execute(() => this.attempt(handler, data, context), this.stopping.signal);
  }

  private attempt(handler: MessageHandler, data: unknown, context: ParleyContext): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.options.withHooks(context, async end => {
        try {
          await runInScope(context, () => settled(handler(data, context)));
          resolve();
        } catch (error) {
          reject(originalError(error));
        } finally {
          end();
        }
      });
    });
  }

  /** Keeps the event with its cause. Goes on trying until a broker has it, or this process stops. */
  private async bury(record: ReceivedRecord, cause: unknown, attempts: number): Promise<void> {
    if (this.stopping.signal.aborted) throw cause;
    const { names, service, topics } = this.link.options;
    const where = `${record.topic}-${record.partition} at ${record.offset}`;
    this.logger.error(
      `The event of ${where} failed and goes to its dead letters: ${cause instanceof Error ? cause.message : typeof cause}`,
      cause instanceof Error ? cause.stack : undefined,
    );
    const topic = eventTopic(names.dead(record.topic, service), { ...topics.events, partitions: 1 });
    const letter = deadLetter(record, { cause, attempts, service });
    await retry(handleAll, { backoff: new ExponentialBackoff({ initialDelay: FIRST_RETRY_MS }) }).execute(
      () => sendRecord(this.link, topic, letter, DEAD_LETTER_TIMEOUT_MS),
      this.stopping.signal,
    );
  }

  private decode(header: EventHeader | undefined, record: ReceivedRecord): unknown {
    const { codec } = this.link.options;
    const value = record.value ?? Buffer.alloc(0);
    if (header) return codec.decode(header.contentType, value);
    if (record.value === null) return null;
    return foreignValue(record.value);
  }
}

/** Parley's header, or undefined where the event has another producer. */
function eventHeader(record: ReceivedRecord): EventHeader | undefined {
  const line = record.headers[PARLEY_HEADER];
  if (!line) return undefined;
  const header = decodeHeader(line);
  if (header.kind !== 'event')
    throw new WireError(
      `an event topic holds ${header.kind === 'request' ? 'a request' : 'an inbox record'}`,
    );
  return header;
}

/** Another producer's value: JSON where it is JSON, else the bytes as they are. */
function foreignValue(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString());
  } catch {
    return value;
  }
}

/** An event's handler has succeeded when what it returned has: an Observable when it completes. */
async function settled(result: Promise<unknown> | Promise<Observable<unknown>>): Promise<void> {
  const value: unknown = await result;
  if (isObservable(value)) await lastValueFrom(value, { defaultValue: undefined });
}
