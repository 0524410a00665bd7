import type { ConsumptionOptions, KeptRecord, RecordWork } from '../consume/consumption.js';
import type { ReceivedRecord, TopicSpec } from '../drivers/driver.js';
import type { Link } from '../link/link.js';
import { eventTopic } from '../link/topics.js';
import type { ExecutionWatch } from '../server/execution-watch.js';
import type { Handlers } from '../server/handlers.js';
import type { ParleyContext } from '../server/parley-context.js';
import { PARLEY_HEADER } from '../wire/header.js';
import type { NestKafkaSettings } from './nest-options.js';
import { NestRequests } from './nest-requests.js';

/** The assigner of the built-in's client, kafkajs. */
const KAFKAJS_ASSIGNER = 'RoundRobinAssigner';

export interface NestServerOptions {
  nest: NestKafkaSettings;
  concurrency: number;
  maxStreams: number;
  withHooks(context: ParleyContext, run: (end: () => void) => Promise<void>): void;
  /** Who is told how an execution of a call goes; undefined where nobody asks. */
  watch(context: ParleyContext, withinMs: number): ExecutionWatch | undefined;
  /** What to do for a request that a ParleyClient wrote. */
  parleyWork(record: ReceivedRecord, redelivered: boolean): RecordWork | KeptRecord;
  /** What to do for a record of an event's topic. */
  eventWork(record: ReceivedRecord): RecordWork;
}

/**
 * The side of a server that Nest's built-in Kafka transport sees: it reads what a server of the built-in's would, in the
 * same group, and answers calls as that would.
 */
export class NestServer {
  private readonly requests: NestRequests;
  /** Call patterns by topic. */
  private readonly patterns = new Map<string, string>();

  constructor(
    private readonly link: Link,
    private readonly handlers: Handlers,
    private readonly options: NestServerOptions,
  ) {
    const { nest, maxStreams } = options;
    this.requests = new NestRequests(link, handlers, {
      nest,
      maxStreams,
      patternOf: topic => this.patterns.get(topic),
      withHooks: (context, run) => options.withHooks(context, run),
      watch: (context, withinMs) => options.watch(context, withinMs),
    });
  }

  /** The topics of the calls and of their replies, which callers of the built-in's read. */
  topics(): TopicSpec[] {
    const { topics } = this.link.options;
    const calls = this.callTopics();
    return [
      ...calls.map(topic => eventTopic(topic, topics.calls)),
      ...calls.map(topic => eventTopic(this.options.nest.replyTopic(topic), topics.inbox)),
    ];
  }

  /** Of these topics, those that are to be made or grown: what others share is made where it is missing, and never grown. */
  async withoutShared(topics: readonly TopicSpec[]): Promise<TopicSpec[]> {
    const { names } = this.options.nest;
    const events = this.handlers.eventPatterns.map(pattern => names.event(pattern));
    const shared = new Set([...this.topics().map(({ topic }) => topic), ...events]);
    const { driver } = this.link;
    const there = await Promise.all(
      topics.map(async ({ topic }) => shared.has(topic) && (await driver.partitions(topic)).length > 0),
    );
    return topics.filter((_, index) => !there[index]);
  }

  /** Calls of the built-in's callers that run, streams included. */
  get active(): number {
    return this.requests.active;
  }

  /** Whether the built-in's callers write to this topic. */
  reads(topic: string): boolean {
    return this.callTopics().includes(topic);
  }

  consumption(): Omit<ConsumptionOptions, 'onCommitError'> {
    const { group, names } = this.options.nest;
    const events = this.handlers.eventPatternsOf({ broadcast: false }).map(pattern => names.event(pattern));
    const isEvent = new Set(events);
    return {
      group,
      topics: [...new Set([...this.callTopics(), ...events])],
      // Where the group has committed nothing yet, the built-in begins at the end too.
      from: 'latest',
      sharedBy: KAFKAJS_ASSIGNER,
      concurrency: this.options.concurrency,
      keepDone: true,
      tellRedelivered: true,
      work: (record, redelivered) => {
        if (isEvent.has(record.topic)) return this.options.eventWork(record);
        if (record.headers[PARLEY_HEADER]) return this.options.parleyWork(record, redelivered);
        return this.requests.work(record);
      },
    };
  }

  drain(timeoutMs: number): Promise<void> {
    return this.requests.drain(timeoutMs);
  }

  private callTopics(): string[] {
    const { names } = this.options.nest;
    const { service } = this.link.options;
    for (const pattern of this.handlers.callPatterns)
      this.patterns.set(names.calls(service, pattern), pattern);
    return [...this.patterns.keys()];
  }
}
