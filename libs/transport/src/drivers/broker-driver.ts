import { setMaxListeners } from 'node:events';
import type { LoggerService } from '@nestjs/common';
import type { MakeConnection } from './cluster/broker-connection.js';
import { Cluster } from './cluster/cluster.js';
import { extentsOf, offsetsAt } from './cluster/log-ends.js';
import { Presence } from './cluster/presence.js';
import { TopicLeaders } from './cluster/topic-leaders.js';
import { ensureTopics } from './cluster/topics.js';
import { Codecs } from './compression/codecs.js';
import { DriverError } from './driver.js';
import type {
  CommittedOffset,
  Driver,
  DriverEvents,
  LogExtent,
  OutgoingRecord,
  PartitionLeader,
  PartitionOffset,
  ProduceOutcome,
  ProvisionMode,
  SubscribeOptions,
  Subscription,
  Tail,
  TailOptions,
  TopicSpec,
} from './driver.js';
import { messageOf } from './errors.js';
import { countMembers } from './group/group-members.js';
import { committedBy } from './group/group-standing.js';
import { GroupSubscription } from './group/subscription.js';
import { timeoutsOf } from './kafka-options.js';
import type { KafkaOptions, Timeouts } from './kafka-options.js';
import { Listeners } from './listeners.js';
import { Produce } from './producing/produce.js';
import { PartitionTail } from './reading/tail.js';
import { within } from './timing/deadline.js';

/** What finding a broker may take beyond one connection. */
const FIND_MARGIN_MS = 2_500;

/** What a Kafka client brings to a driver. */
export interface KafkaClient {
  readonly name: string;
  /** Loads the client's code, which takes its time on a busy machine: no broker is to be blamed for that. */
  readonly load?: () => Promise<unknown>;
  readonly makeConnection: MakeConnection;
  /** What `unwrap` of the driver gives. */
  readonly unwrapped: unknown;
}

/**
 * The driver that works on any client's connections: everything that is asked of brokers, and made of their answers,
 * is Parley's own and the same for all clients. Nothing connects before `connect`, or the first use.
 */
export class BrokerDriver implements Driver {
  readonly name: string;
  private readonly timeouts: Timeouts;
  private readonly listeners: Listeners<DriverEvents>;
  private readonly cluster: Cluster;
  private readonly leaders: TopicLeaders;
  private readonly producing: Produce;
  private readonly presence: Presence;
  private readonly codecs: Codecs;
  private readonly parts = new Set<{ close(options?: { withinMs: number }): Promise<void> }>();
  private readonly requests = new Set<Promise<unknown>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly client: KafkaClient,
    private readonly options: KafkaOptions,
    logger: LoggerService,
  ) {
    this.name = client.name;
    // Any number of topics may be waited for at a time.
    setMaxListeners(0, this.stopping.signal);
    this.timeouts = timeoutsOf(options);
    this.listeners = new Listeners<DriverEvents>(error =>
      logger.error(`A listener of the Kafka driver threw: ${messageOf(error)}`, 'ParleyKafka'),
    );
    this.codecs = new Codecs(options.codecs);
    this.cluster = this.newCluster();
    this.leaders = new TopicLeaders(this.cluster);
    this.producing = new Produce(this.cluster, this.leaders, this.codecs);
    this.presence = new Presence({ ask: () => this.cluster.metadata([]), emit: this.emit });
  }

  async connect(): Promise<void> {
    const { connectionTimeoutMs } = this.timeouts;
    await this.client.load?.();
    await within(
      this.cluster.anyLink(),
      connectionTimeoutMs + FIND_MARGIN_MS,
      () => new DriverError('retriable', `No broker answered at ${this.options.brokers.join(', ')}`),
    );
  }

  async ensureTopics(topics: readonly TopicSpec[], mode: ProvisionMode): Promise<void> {
    const compressions = new Set(topics.flatMap(({ compression }) => compression ?? []));
    await Promise.all([...compressions].map(name => this.codecs.of(name)));
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
    const { timeouts, codecs, emit } = this;
    const subscribed = { ...options, instanceId: options.instanceId ?? this.options.instanceId };
    const newCluster = () => this.newCluster();
    const { decompress } = codecs;
    return this.keep(new GroupSubscription(subscribed, { ...timeouts, newCluster, decompress, emit }));
  }

  async tail(options: TailOptions): Promise<Tail> {
    this.refuseClosed();
    const { timeouts, codecs, emit } = this;
    const cluster = this.newCluster();
    const { decompress } = codecs;
    return this.keep(new PartitionTail(options, { ...timeouts, cluster, decompress, emit }));
  }

  members(group: string): Promise<number> {
    return countMembers(this.cluster, group, this.timeouts.requestTimeoutMs);
  }

  async topics(): Promise<readonly string[]> {
    const { topics } = await this.cluster.metadataOfAll();
    return topics.map(({ topic }) => topic);
  }

  extents(topic: string): Promise<readonly LogExtent[]> {
    return extentsOf(this.cluster, topic, this.timeouts.requestTimeoutMs);
  }

  offsetsAt(topic: string, timestamp: number): Promise<readonly PartitionOffset[]> {
    return offsetsAt(this.cluster, topic, timestamp, this.timeouts.requestTimeoutMs);
  }

  committed(
    group: string,
    partitions: readonly { topic: string; partition: number }[],
  ): Promise<readonly CommittedOffset[]> {
    return committedBy(this.cluster, group, partitions, this.timeouts.requestTimeoutMs);
  }

  on<K extends keyof DriverEvents>(event: K, listener: (detail: DriverEvents[K]) => void): () => void {
    return this.listeners.on(event, listener);
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as the port has it
  unwrap<T>(): T {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller says what it knows this driver by
    return this.client.unwrapped as T;
  }

  async close({ drainMs }: { drainMs: number }): Promise<void> {
    this.stopping.abort();
    this.presence.close();
    const closed = Promise.allSettled([...this.parts].map(part => part.close({ withinMs: drainMs })));
    await within(Promise.allSettled(this.requests), drainMs, tooLate).catch(() => {});
    this.cluster.close();
    await closed;
  }

  /** Starts a subscription or tail and closes it with the driver. */
  private async keep<
    T extends { start(): Promise<void>; close(options?: { withinMs: number }): Promise<void> },
  >(part: T): Promise<T> {
    this.parts.add(part);
    const close = part.close.bind(part);
    part.close = options => {
      this.parts.delete(part);
      return close(options);
    };
    try {
      await part.start();
      return part;
    } catch (error) {
      await part.close();
      throw error;
    }
  }

  private newCluster(): Cluster {
    const { options, timeouts, client } = this;
    const { makeConnection } = client;
    const onLinkClosed = () => this.presence.doubt();
    return new Cluster({ ...timeouts, brokers: options.brokers, makeConnection, onLinkClosed });
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
