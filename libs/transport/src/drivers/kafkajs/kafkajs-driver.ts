import type { LoggerService } from '@nestjs/common';
import type { Kafka } from 'kafkajs';
import { DriverError } from '../driver.js';
import type {
  Driver,
  DriverEvents,
  OutgoingRecord,
  PartitionLeader,
  ProduceOutcome,
  ProvisionMode,
  SubscribeOptions,
  Subscription,
  Tail,
  TailOptions,
  TopicSpec,
} from '../driver.js';
import { Listeners } from '../listeners.js';
import type { KafkaOptions } from '../kafka-options.js';
import { Cluster } from './cluster.js';
import { within } from '../timing/deadline.js';
import { messageOf } from '../errors.js';
import { GroupSubscription } from './subscription.js';
import { brokerFactory, guardClusters } from './internals.js';
import type { BrokerFactory } from './internals.js';
import { Presence } from '../cluster/presence.js';
import { Produce } from './produce.js';
import { createKafka, timeoutsOf } from './settings.js';
import type { Timeouts } from './settings.js';
import { KafkajsTail } from './tail.js';
import { TopicLeaders } from '../cluster/topic-leaders.js';
import { ensureTopics } from './topics.js';

/** What closing may take beyond the drain that was asked for. */
const CLOSE_MARGIN_MS = 2_500;

/** A driver on kafkajs 2.2.4. Nothing connects before `connect`, or the first use. */
export function createKafkajsDriver(options: KafkaOptions, logger: LoggerService): Driver {
  return new KafkajsDriver(options, logger);
}

class KafkajsDriver implements Driver {
  readonly name = 'kafkajs';
  private readonly kafka: Kafka;
  private readonly createBroker: BrokerFactory;
  private readonly timeouts: Timeouts;
  private readonly listeners: Listeners<DriverEvents>;
  private readonly cluster: Cluster;
  private readonly leaders: TopicLeaders;
  private readonly producing: Produce;
  private readonly presence: Presence;
  private readonly parts = new Set<{ close(): Promise<void> }>();
  private readonly requests = new Set<Promise<unknown>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly options: KafkaOptions,
    logger: LoggerService,
  ) {
    this.timeouts = timeoutsOf(options);
    this.listeners = new Listeners<DriverEvents>(error =>
      logger.error(`A listener of the Kafka driver threw: ${messageOf(error)}`, 'ParleyKafka'),
    );
    this.kafka = createKafka(options, logger);
    guardClusters(this.kafka);
    this.createBroker = brokerFactory(createKafka(options, logger, { ownTimeouts: true }));
    this.cluster = this.newCluster(() => this.presence.doubt());
    this.leaders = new TopicLeaders(this.cluster);
    this.producing = new Produce(this.cluster, this.leaders);
    this.presence = new Presence({ ask: () => this.cluster.metadata([]), emit: this.emit });
  }

  async connect(): Promise<void> {
    const { connectionTimeoutMs } = this.timeouts;
    await within(
      this.cluster.anyLink(),
      connectionTimeoutMs + CLOSE_MARGIN_MS,
      () => new DriverError('retriable', `No broker answered at ${this.options.brokers.join(', ')}`),
    );
  }

  async ensureTopics(topics: readonly TopicSpec[], mode: ProvisionMode): Promise<void> {
    await ensureTopics(this.cluster, topics, mode, {
      requestTimeoutMs: this.timeouts.requestTimeoutMs,
      signal: this.stopping.signal,
    });
    for (const { topic } of topics) this.leaders.forget(topic);
  }

  partitions(topic: string, options?: { fresh?: boolean }): Promise<readonly PartitionLeader[]> {
    return this.leaders.of(topic, options);
  }

  async produce(
    leader: number,
    records: readonly OutgoingRecord[],
    { timeoutMs = this.timeouts.requestTimeoutMs }: { timeoutMs?: number } = {},
  ): Promise<readonly ProduceOutcome[]> {
    const sending = this.producing.send(leader, records, timeoutMs);
    this.requests.add(sending);
    try {
      return await sending;
    } catch (error) {
      this.presence.doubt();
      throw error;
    } finally {
      this.requests.delete(sending);
    }
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.refuseClosed();
    const newCluster = () => this.newCluster(() => this.presence.doubt());
    const subscription = new GroupSubscription(options, { ...this.timeouts, newCluster, emit: this.emit });
    await this.keep(subscription);
    return subscription;
  }

  async tail(options: TailOptions): Promise<Tail> {
    this.refuseClosed();
    const cluster = this.newCluster(() => this.presence.doubt());
    const tail = new KafkajsTail(options, { ...this.timeouts, cluster, emit: this.emit });
    await this.keep(tail);
    return tail;
  }

  on<K extends keyof DriverEvents>(event: K, listener: (detail: DriverEvents[K]) => void): () => void {
    return this.listeners.on(event, listener);
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as the port has it
  unwrap<T>(): T {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller says what it knows this driver by
    return this.kafka as T;
  }

  async close({ drainMs }: { drainMs: number }): Promise<void> {
    this.stopping.abort();
    this.presence.close();
    const closed = Promise.allSettled([...this.parts].map(part => part.close()));
    await within(Promise.allSettled(this.requests), drainMs, tooLate).catch(() => {});
    this.cluster.close();
    await within(closed, CLOSE_MARGIN_MS, tooLate).catch(() => {});
  }

  /** Starts a subscription or tail and closes it with the driver. */
  private async keep(part: { start(): Promise<void>; close(): Promise<void> }): Promise<void> {
    this.parts.add(part);
    const close = part.close.bind(part);
    part.close = () => {
      this.parts.delete(part);
      return close();
    };
    try {
      await part.start();
    } catch (error) {
      await part.close();
      throw error;
    }
  }

  private newCluster(onLinkClosed: () => void): Cluster {
    const { brokers, clientId } = this.options;
    return new Cluster({
      ...this.timeouts,
      brokers,
      clientId,
      createBroker: this.createBroker,
      onLinkClosed,
    });
  }

  private refuseClosed(): void {
    if (this.stopping.signal.aborted) throw new DriverError('permanent', 'The driver is closed');
  }

  private readonly emit = <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]): void => {
    this.listeners.emit(event, detail);
  };
}

function tooLate(): DriverError {
  return new DriverError('retriable', 'Closing took too long');
}
