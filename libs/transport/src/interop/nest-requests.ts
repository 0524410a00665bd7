import type { RecordWork } from '../consume/consumption.js';
import type { PartitionLeader, ReceivedRecord } from '../drivers/driver.js';
import { Condition } from '../drivers/timing/condition.js';
import { BoundedLog } from '../link/bounded-log.js';
import type { Link } from '../link/link.js';
import { contextOfEvent } from '../server/context-of-record.js';
import type { ExecutionWatch } from '../server/execution-watch.js';
import type { Handlers } from '../server/handlers.js';
import { logThrown } from '../server/log-thrown.js';
import type { ParleyContext } from '../server/parley-context.js';
import { countDropped } from '../telemetry/dropped.js';
import { nestReplyAddress, type AskedReplyAddress, type NestReplyAddress } from './nest-headers.js';
import { NEST_ANSWER_WITHIN_MS, NestIncomingCall } from './nest-incoming-call.js';
import type { NestTopics } from './nest-options.js';
import { NestReply } from './nest-reply.js';
import { readNestValue } from './nest-value.js';

export interface NestRequestsOptions {
  nest: Pick<NestTopics, 'replyTopic'>;
  /** The pattern of the calls that a topic holds. */
  patternOf(topic: string): string | undefined;
  /** Streams open at a time; a further one fails RESOURCE_EXHAUSTED. */
  maxStreams: number;
  withHooks(context: ParleyContext, run: (end: () => void) => Promise<void>): void;
  /** Who is told how an execution goes; undefined where nobody asks. */
  watch(context: ParleyContext, withinMs: number): ExecutionWatch | undefined;
}

/** Answers callers that use Nest's built-in Kafka transport, from the same handlers as Parley's own. */
export class NestRequests {
  private readonly log = new BoundedLog();
  private readonly running = new Set<NestIncomingCall>();
  private readonly emptied = new Condition();

  constructor(
    private readonly link: Link,
    private readonly handlers: Handlers,
    private readonly options: NestRequestsOptions,
  ) {}

  /** Calls that run, streams included. */
  get active(): number {
    return this.running.size;
  }

  /** What to do for a record that the built-in wrote. Whatever it holds, its work ends. */
  work(record: ReceivedRecord): RecordWork {
    const lane = record.key === null ? undefined : `${record.topic}/${record.key.toString('latin1')}`;
    return { lane, run: done => this.answer(record, done) };
  }

  /** Lets what runs finish within `timeoutMs`, then ends it: streams are told that the server is draining. */
  async drain(timeoutMs: number): Promise<void> {
    await this.idle(timeoutMs);
    for (const call of this.running) call.drain();
  }

  private async answer(record: ReceivedRecord, done: () => void): Promise<void> {
    let to: NestReplyAddress | undefined;
    try {
      const asked = nestReplyAddress(record.headers);
      to = asked && (await this.place(asked, record.topic));
    } catch (error) {
      const { topic, partition, offset } = record;
      countDropped(topic, 'INVALID_ARGUMENT');
      this.log.warn(
        'built-in request',
        `Dropped a request of ${topic}-${partition} at ${offset}: ${(error as Error).message}`,
      );
      return;
    }
    await this.run(record, to, done);
  }

  /** A reply goes nowhere but to the topic that belongs to its request's, whatever the request says. */
  private async place(asked: AskedReplyAddress, requestTopic: string): Promise<NestReplyAddress> {
    const { topic, correlationId } = asked;
    if (topic !== this.options.nest.replyTopic(requestTopic)) {
      throw new TypeError(`${JSON.stringify(topic)} is not the topic of its replies`);
    }
    for (const fresh of [false, true]) {
      const partitions = await this.link.driver.partitions(topic, { fresh });
      const partition = asked.partition ?? anyOf(partitions);
      if (partitions.some(one => one.partition === partition)) return { correlationId, topic, partition };
    }
    throw new TypeError(`topic ${topic} has no partition ${asked.partition ?? 'at all'}`);
  }

  /** Resolves when the request needs its lane and slot no more: it is answered, or a stream that has begun. */
  private run(record: ReceivedRecord, to: NestReplyAddress | undefined, done: () => void): Promise<void> {
    const pattern = this.options.patternOf(record.topic) ?? record.topic;
    const found = this.handlers.call(pattern);
    if (!found) return Promise.resolve();
    const id = to?.correlationId ?? `${record.topic}-${record.partition}-${record.offset}`;
    const header = {
      kind: 'event' as const,
      messageId: id,
      pattern,
      contentType: '',
      correlationId: id,
    };
    const context = contextOfEvent(header, record, pattern, 1);
    const data = readNestValue(record.value);
    return new Promise<void>(leave => {
      const call = new NestIncomingCall({
        handler: found.handler,
        watch: this.options.watch(context, NEST_ANSWER_WITHIN_MS),
        context,
        mayStream: () => this.streams < this.options.maxStreams,
        onStreaming: () => {
          // A second run would begin the stream anew, and its caller could not tell the two apart.
          done();
          leave();
        },
        onThrown: thrown => logThrown(this.log, pattern, thrown),
        onSettled: () => {
          this.forget(call);
          leave();
        },
        replyTo: events => (to ? new NestReply({ to, sender: this.link.sender, ...events }) : undefined),
      });
      this.running.add(call);
      this.options.withHooks(context, end => call.run(data, end));
    });
  }

  private get streams(): number {
    let streams = 0;
    for (const call of this.running) if (call.streaming) streams += 1;
    return streams;
  }

  private async idle(timeoutMs: number): Promise<void> {
    if (this.running.size > 0) await this.emptied.wait(timeoutMs);
  }

  private forget(call: NestIncomingCall): void {
    this.running.delete(call);
    if (this.running.size === 0) this.emptied.signal();
  }
}

function anyOf(partitions: readonly PartitionLeader[]): number {
  return partitions[Math.floor(Math.random() * partitions.length)]?.partition ?? 0;
}
