import { setTimeout as wait } from 'node:timers/promises';
import { addresseeOf, ADDRESSEE_HEADERS } from '../../consume/addressee.js';
import type { RecordWork } from '../../consume/consumption.js';
import { causeOf } from '../../consume/dead-letter.js';
import { justWait, type Park } from '../../consume/lanes.js';
import { readRetry, type Retry } from '../../consume/retry-record.js';
import type { ReceivedRecord } from '../../drivers/driver.js';
import { originalError } from '../../exceptions/original-errors.js';
import { BoundedLog } from '../../link/bounded-log.js';
import type { Link } from '../../link/link.js';
import { checkHeaders } from '../../wire/header-limits.js';
import { WireError } from '../../wire/wire-error.js';
import { contextOfEvent } from '../context-of-record.js';
import { DeadLetters } from './dead-letters.js';
import { runEvent, type EventFailure, type EventOutcome } from './event-runs.js';
import { runInScope } from '../execution-scope.js';
import { HandlerDeadline } from './handler-deadline.js';
import type { ExecutionWatch } from '../execution-watch.js';
import type { EventHandler, Handlers } from '../handlers.js';
import { isRefusal, Onward, type Persistence } from './onward.js';
import type { ParleyContext } from '../parley-context.js';
import { readEvent, type ForeignValue, type ReadEvent } from './read-event.js';
import { RetryTopics, type RetryTopic } from './retry-topics.js';
import { SharedSlot } from '../shared-slot.js';
import type { Turnstile } from '../turnstile.js';
import { Untaken } from './untaken.js';

export interface EventsOptions {
  /** The pattern whose events a topic holds. */
  patternOf(topic: string): string | undefined;
  /** Reads what no ParleyClient wrote. Default: JSON where it is JSON, else the bytes. */
  foreignValue?: ForeignValue;
  withHooks(context: ParleyContext, run: (end: () => void) => Promise<void>): void;
  /** Who is told how a run goes; undefined where nobody asks. */
  watch?(context: ParleyContext, withinMs: number, broadcast: boolean): ExecutionWatch | undefined;
}

/** The events that this service handles: each handler runs and fails alone, and what none could handle is kept. */
export class Events {
  private readonly log = new BoundedLog();
  private readonly stopping = new AbortController();
  private readonly deadLetters: DeadLetters;
  /** What failed and is kept nowhere yet. */
  readonly untaken = new Untaken();
  /** Where events wait for another run. */
  readonly retryTopics: RetryTopics;

  constructor(
    private readonly link: Link,
    private readonly handlers: Handlers,
    private readonly options: EventsOptions,
  ) {
    const onward = new Onward(link, this.untaken);
    this.deadLetters = new DeadLetters(link, onward);
    this.retryTopics = new RetryTopics(link, handlers, onward);
  }

  /** What to do for a record of an event's own topic: for the handlers of one instance, or those that each has. */
  work(record: ReceivedRecord, { broadcast }: { broadcast: boolean }): RecordWork {
    const run: RecordWork['run'] = (_done, park = justWait, left = this.stopping.signal) =>
      this.deliver(record, broadcast, park, left);
    return { lane: laneOf(record), run };
  }

  /** What to do for a record of a retry topic. Whatever its headers say, it is due within the topic's delay. */
  retryWork(record: ReceivedRecord, { pattern, delayMs }: RetryTopic): RecordWork {
    const lane = laneOf(record);
    const topic = this.link.options.names.event(pattern);
    const read = readRetry(record);
    if (!read) {
      const cause = new WireError('it is on a retry topic without the headers that say what for');
      const bury: RecordWork['run'] = (_done, park = justWait, left = this.stopping.signal) =>
        park(this.buryUnread(topic, record, cause, { signal: left }));
      return { lane, run: bury };
    }
    const { retry } = read;
    // Where its letters go is not for a record to say.
    const event = { ...read.event, topic };
    const dueAt = Math.min(retry.dueAt.getTime(), Date.now() + delayMs);
    const run: RecordWork['run'] = (_done, park = justWait, left = this.stopping.signal) =>
      this.retry(event, pattern, retry, park, left);
    return { lane, dueAt, run };
  }

  /** Gives up what waits to be kept: events that have not succeeded stay undone, for the next instance. */
  stop(): void {
    this.stopping.abort();
  }

  /** Resolves when each handler succeeded or the event is kept for it; rejects where it is another instance's first. */
  private async deliver(
    record: ReceivedRecord,
    broadcast: boolean,
    park: Park,
    left: AbortSignal,
  ): Promise<void> {
    const pattern = this.options.patternOf(record.topic);
    if (pattern === undefined) return;
    const handlers = this.addressed(pattern, record).filter(handler => handler.broadcast === broadcast);
    if (handlers.length === 0) return this.keepForGone(pattern, record, broadcast, park, left);
    let event: ReadEvent;
    try {
      event = this.read(record, pattern);
    } catch (cause) {
      if (broadcast) this.logBroadcast(record, undefined, cause);
      else await park(this.buryUnread(record.topic, record, cause, { signal: left }));
      return;
    }
    const slot = new SharedSlot(park, handlers.length);
    if (handlers.length === 1) return this.handle(handlers[0]!, event, slot, left);
    const outcomes = await Promise.allSettled(
      handlers.map(handler => this.handle(handler, event, slot, left).finally(() => slot.ended())),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Another run of one handler. */
  private async retry(
    record: ReceivedRecord,
    pattern: string,
    retry: Retry,
    park: Park,
    left: AbortSignal,
  ): Promise<void> {
    const { hop, firstFailedAt } = retry;
    const handler = this.handlers.event(pattern).find(({ name }) => name === retry.handler);
    if (!handler) {
      const cause = gone(retry.handler, pattern);
      return park(this.bury(retry.handler, record, { ...retry, cause }, { signal: left }));
    }
    let event: ReadEvent;
    try {
      event = this.read(record, pattern);
    } catch (cause) {
      return park(this.bury(handler.name, record, { ...retry, cause }, { signal: left }));
    }
    const attempts = retry.attempts + 1;
    try {
      await this.attempt(handler, event, attempts, new SharedSlot(park, 1), left);
    } catch (cause) {
      left.throwIfAborted();
      const worthAnother = handler.policy.worthAnother(cause);
      const failure = { cause, attempts, firstFailedAt, worthAnother };
      await park(this.keep(handler, event, failure, hop, { signal: left }));
    }
  }

  /** Raises what its producer got wrong. */
  read(record: ReceivedRecord, pattern: string): ReadEvent {
    const { codec, headerLimits } = this.link.options;
    checkHeaders(record.headers, headerLimits);
    return readEvent(record, pattern, codec, this.options.foreignValue);
  }

  /** The handlers that an event is for: all of its pattern's, unless its headers name others. */
  addressed(pattern: string, record: ReceivedRecord): readonly EventHandler[] {
    const handlers = this.handlers.event(pattern);
    if (record.headers[ADDRESSEE_HEADERS.service] === undefined) return handlers;
    const { service, handler } = addresseeOf(record.headers);
    if (service !== this.link.options.service) return [];
    return handler === undefined ? handlers : handlers.filter(({ name }) => name === handler);
  }

  /** Keeps what is for a handler that this service had, so that it is not lost; passes over what is for others. */
  private async keepForGone(
    pattern: string,
    record: ReceivedRecord,
    broadcast: boolean,
    park: Park,
    left: AbortSignal,
  ): Promise<void> {
    const { service, handler } = addresseeOf(record.headers);
    if (broadcast || service !== this.link.options.service || handler === undefined) return;
    if (this.handlers.event(pattern).some(({ name }) => name === handler)) return;
    const firstFailedAt = new Date();
    const failure = { cause: gone(handler, pattern), attempts: 0, firstFailedAt };
    await park(this.bury(handler, record, failure, { signal: left }));
  }

  /** All runs of a handler in place. Rejects where `left` is aborted before it has succeeded or failed for good. */
  runs(handler: EventHandler, event: ReadEvent, slot: SharedSlot, left: AbortSignal): Promise<EventOutcome> {
    return runEvent(
      attempt => this.attempt(handler, event, attempt, slot, left),
      handler.policy,
      waitMs => slot.waitFor(wait(waitMs, undefined, { signal: left })),
      left,
    );
  }

  /** Keeps what a handler has failed with in place for another run, or for good; of a broadcast event the log tells. */
  async settle(
    handler: EventHandler,
    event: ReadEvent,
    failure: EventFailure,
    persistence: Persistence,
  ): Promise<void> {
    if (handler.broadcast) this.logBroadcast(event.record, handler, failure.cause);
    else await this.keep(handler, event, failure, 0, persistence);
  }

  private async handle(
    handler: EventHandler,
    event: ReadEvent,
    slot: SharedSlot,
    left: AbortSignal,
  ): Promise<void> {
    const outcome = await this.runs(handler, event, slot, left);
    if (outcome.kind === 'failed') await slot.waitFor(this.settle(handler, event, outcome, { signal: left }));
  }

  /** Keeps what a handler failed with for another run, or for good. `hop`: the retry topics it has come to. */
  private async keep(
    handler: EventHandler,
    { record }: ReadEvent,
    failure: EventFailure,
    hop: number,
    persistence: Persistence,
  ): Promise<void> {
    const { attempts, firstFailedAt, worthAnother } = failure;
    const delayMs = worthAnother ? handler.policy.hops[hop] : undefined;
    if (delayMs === undefined) return this.bury(handler.name, record, failure, persistence);
    const retry = { handler: handler.name, hop: hop + 1, attempts, firstFailedAt };
    try {
      await this.retryTopics.send(record, retry, delayMs, persistence);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.bury(handler.name, record, failure, persistence);
    }
  }

  private attempt(
    handler: EventHandler,
    event: ReadEvent,
    attempt: number,
    slot: SharedSlot,
    left: AbortSignal,
  ): Promise<void> {
    const { turnstile } = handler;
    const run = () => this.run(handler, event, attempt);
    return turnstile ? passThrough(turnstile, slot, run, left) : run();
  }

  private run(
    { handler, policy, broadcast }: EventHandler,
    event: ReadEvent,
    attempt: number,
  ): Promise<void> {
    const context = contextOfEvent(event.header, event.record, event.pattern, attempt);
    return new Promise<void>((resolve, reject) => {
      this.options.withHooks(context, async end => {
        const deadline = new HandlerDeadline(policy.timeoutMs, context);
        const watch = this.options.watch?.(context, policy.timeoutMs, broadcast);
        try {
          const data = event.decode();
          await deadline.race(
            runInScope(context, () => (watch ? watch.handle(handler, data) : handler(data, context))),
          );
          watch?.completed();
          resolve();
        } catch (error) {
          const thrown = originalError(error);
          watch?.failed(thrown);
          reject(thrown);
        } finally {
          deadline.end();
          end();
        }
      });
    });
  }

  /** Keeps what no handler can be given. */
  private buryUnread(
    topic: string,
    record: ReceivedRecord,
    cause: unknown,
    persistence: Persistence,
  ): Promise<void> {
    const { service } = this.link.options;
    const at = new Date();
    const death = { service, handler: undefined, origin: record, attempts: 0, cause, firstFailedAt: at, at };
    return this.deadLetters.bury(topic, record, death, persistence);
  }

  /** Keeps what a handler could not handle. */
  private bury(
    handler: string,
    record: ReceivedRecord,
    { cause, attempts, firstFailedAt }: Omit<EventFailure, 'worthAnother'>,
    persistence: Persistence,
  ): Promise<void> {
    const { service } = this.link.options;
    const at = new Date();
    const death = { service, handler, origin: record, attempts, cause, firstFailedAt, at };
    return this.deadLetters.bury(record.topic, record, death, persistence);
  }

  private logBroadcast(record: ReceivedRecord, handler: EventHandler | undefined, cause: unknown): void {
    const { topic, partition, offset } = record;
    const { message, stack } = causeOf(cause);
    const by = handler ? ` in ${handler.name}` : '';
    this.log.error(
      `broadcast event of ${topic}${by}`,
      `The broadcast event of ${topic}-${partition} at ${offset} failed${by}: ${message}`,
      stack,
    );
  }
}

function gone(handler: string, pattern: string): Error {
  return new Error(`this service has no handler ${handler} of ${pattern} any more`);
}

/** An event's lane; none without a key. */
export function laneOf({ topic, key }: ReceivedRecord): string | undefined {
  return key === null ? undefined : `${topic}/${key.toString('latin1')}`;
}

/** Runs once the turnstile lets it in, unless it is left by then; others have its slot meanwhile. */
async function passThrough(
  turnstile: Turnstile,
  slot: SharedSlot,
  run: () => Promise<void>,
  left: AbortSignal,
): Promise<void> {
  const turn = turnstile.enter();
  if (turn) await slot.waitFor(turn);
  try {
    left.throwIfAborted();
    await run();
  } finally {
    turnstile.leave();
  }
}
