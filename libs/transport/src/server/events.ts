import { setTimeout as wait } from 'node:timers/promises';
import type { RecordWork } from '../consume/consumption.js';
import { addresseeOf, ADDRESSEE_HEADERS } from '../consume/addressee.js';
import type { ReceivedRecord } from '../drivers/driver.js';
import { originalError } from '../exceptions/original-errors.js';
import type { Link } from '../link/link.js';
import type { Codec } from '../wire/codec.js';
import { decodeHeader, PARLEY_HEADER, type EventHeader } from '../wire/header.js';
import { WireError } from '../wire/wire-error.js';
import { contextOfEvent } from './context-of-record.js';
import { DeadLetters } from './dead-letters.js';
import { runEvent } from './event-runs.js';
import { runInScope } from './execution-scope.js';
import { HandlerDeadline } from './handler-deadline.js';
import type { EventHandler, Handlers } from './handlers.js';
import type { ParleyContext } from './parley-context.js';

export interface EventsOptions {
  /** The pattern whose events a topic holds. */
  patternOf(topic: string): string | undefined;
  withHooks(context: ParleyContext, run: (end: () => void) => Promise<void>): void;
}

/** An event that has been read; `decode` gives each run of a handler data of its own. */
interface ReadEvent {
  record: ReceivedRecord;
  pattern: string;
  header: EventHeader | undefined;
  decode(): unknown;
}

/** The events that this service handles: each handler runs and fails alone, and what none could handle is kept. */
export class Events {
  private readonly stopping = new AbortController();
  private readonly deadLetters: DeadLetters;

  constructor(
    private readonly link: Link,
    private readonly handlers: Handlers,
    private readonly options: EventsOptions,
  ) {
    this.deadLetters = new DeadLetters(link, this.stopping.signal);
  }

  work(record: ReceivedRecord): RecordWork {
    const lane = record.key === null ? undefined : `${record.topic}/${record.key.toString('latin1')}`;
    return { lane, run: () => this.deliver(record) };
  }

  /** Gives up waiting between attempts: events that have not succeeded stay undone, for the next instance. */
  stop(): void {
    this.stopping.abort();
  }

  /** Resolves when each handler succeeded or has its dead letter; rejects where this process stops first. */
  private async deliver(record: ReceivedRecord): Promise<void> {
    const pattern = this.options.patternOf(record.topic);
    if (pattern === undefined) return;
    const handlers = this.addressed(pattern, record);
    if (handlers.length === 0) return;
    let event: ReadEvent;
    try {
      event = readEvent(record, pattern, this.link.options.codec);
    } catch (cause) {
      await this.buryUnread(record, cause);
      return;
    }
    const [first, ...others] = await Promise.allSettled(handlers.map(handler => this.handle(handler, event)));
    for (const outcome of [first!, ...others]) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Keeps what no handler can be given. */
  private buryUnread(record: ReceivedRecord, cause: unknown): Promise<void> {
    const { service } = this.link.options;
    const at = new Date();
    const death = { service, handler: undefined, origin: record, attempts: 0, cause, firstFailedAt: at, at };
    return this.deadLetters.bury(record, death);
  }

  /** The handlers that an event is for: all of its pattern's, unless its headers name others. */
  private addressed(pattern: string, record: ReceivedRecord): readonly EventHandler[] {
    const handlers = this.handlers.event(pattern);
    if (record.headers[ADDRESSEE_HEADERS.service] === undefined) return handlers;
    const { service, handler } = addresseeOf(record.headers);
    if (service !== this.link.options.service) return [];
    return handler === undefined ? handlers : handlers.filter(({ name }) => name === handler);
  }

  private async handle({ handler, policy, name }: EventHandler, event: ReadEvent): Promise<void> {
    const outcome = await runEvent(
      attempt => this.attempt(handler, event, attempt, policy.timeoutMs),
      policy,
      waitMs => wait(waitMs, undefined, { signal: this.stopping.signal }),
    );
    if (outcome.kind === 'handled') return;
    const { cause, attempts, firstFailedAt } = outcome;
    const { service } = this.link.options;
    const at = new Date();
    const death = { service, handler: name, origin: event.record, attempts, cause, firstFailedAt, at };
    await this.deadLetters.bury(event.record, death);
  }

  private attempt(
    handler: EventHandler['handler'],
    event: ReadEvent,
    attempt: number,
    timeoutMs: number,
  ): Promise<void> {
    const context = contextOfEvent(event.header, event.record, event.pattern, attempt);
    return new Promise<void>((resolve, reject) => {
      this.options.withHooks(context, async end => {
        const deadline = new HandlerDeadline(timeoutMs, context);
        try {
          const data = event.decode();
          await deadline.race(runInScope(context, () => handler(data, context)));
          resolve();
        } catch (error) {
          reject(originalError(error));
        } finally {
          deadline.end();
          end();
        }
      });
    });
  }
}

/** Raises what its producer got wrong: a header or data that cannot be read. */
function readEvent(record: ReceivedRecord, pattern: string, codec: Codec): ReadEvent {
  const header = eventHeader(record);
  const read = () => decode(record, header, codec);
  const first = [read()];
  return { record, pattern, header, decode: () => (first.length > 0 ? first.pop() : read()) };
}

function decode({ value }: ReceivedRecord, header: EventHeader | undefined, codec: Codec): unknown {
  if (header) return codec.decode(header.contentType, value ?? Buffer.alloc(0));
  if (value === null) return null;
  return foreignValue(value);
}

/** Parley's header, or undefined where the event has another producer. */
function eventHeader(record: ReceivedRecord): EventHeader | undefined {
  const line = record.headers[PARLEY_HEADER];
  if (!line) return undefined;
  const header = decodeHeader(line);
  if (header.kind !== 'event')
    throw new WireError(`an event topic holds ${header.kind === 'frames' ? 'an inbox record' : 'a request'}`);
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
