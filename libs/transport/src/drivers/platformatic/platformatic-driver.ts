import type { LoggerService } from '@nestjs/common';
import type { ConnectionOptions } from '@platformatic/kafka';
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
import type { KafkaOptions } from '../kafka-options.js';
import { within } from '../timing/deadline.js';
import { messageOf } from '../errors.js';
import { Presence } from '../cluster/presence.js';
import { TopicLeaders } from '../cluster/topic-leaders.js';
import { Listeners } from '../listeners.js';
import { loadClient } from './client.js';
import type { PlatformaticKafka } from './client.js';
import { Cluster } from './cluster.js';
import { Produce } from './produce.js';
import { connectionOptions, timeoutsOf } from './settings.js';
import type { Timeouts } from './settings.js';
import { PlatformaticSubscription } from './subscription.js';
import { PlatformaticTail } from './tail.js';
import { ensureTopics } from './topics.js';

/** What closing may take beyond the drain that was asked for. */
const CLOSE_MARGIN_MS = 2_500;

/** What `unwrap` gives: @platformatic/kafka has no client object, its clients are each made from such options. */
export interface PlatformaticClients {
  load: () => Promise<PlatformaticKafka>;
  /** For `new Admin(options)`, `new Producer(options)` and `new Consumer(options)`. */
  options: ConnectionOptions & { clientId: string; bootstrapBrokers: string[] };
}

/** A driver on @platformatic/kafka 1.35, which is imported at `connect`, or at the first use. */
export function createPlatformaticDriver(options: KafkaOptions, logger: LoggerService): Driver {
  return new PlatformaticDriver(options, logger);
}

class PlatformaticDriver implements Driver {
  readonly name = 'platformatic';
  private readonly timeouts: Timeouts;
  private readonly listeners: Listeners<DriverEvents>;
  private readonly cluster: Cluster;
  private readonly leaders: TopicLeaders;
  private readonly producing: Produce;
  private readonly presence: Presence;
  private readonly parts = new Set<{ close(): Promise<void> }>();
  private readonly requests = new Set<Promise<unknown>>();
  private readonly stopping = new AbortController();
  private loading: Promise<PlatformaticKafka> | undefined;

  constructor(
    private readonly options: KafkaOptions,
    logger: LoggerService,
  ) {
    this.timeouts = timeoutsOf(options);
    this.listeners = new Listeners<DriverEvents>(error =>
      logger.error(`A listener of the Kafka driver threw: ${messageOf(error)}`, 'ParleyKafka'),
    );
    this.cluster = this.newCluster();
    this.leaders = new TopicLeaders(this.cluster);
    this.producing = new Produce(this.cluster, this.leaders);
    this.presence = new Presence({ ask: () => this.cluster.metadata([]), emit: this.emit });
  }

  async connect(): Promise<void> {
    this.refuseClosed();
    await this.load();
    await within(
      this.cluster.anyLink(),
      this.timeouts.connectionTimeoutMs + CLOSE_MARGIN_MS,
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
    const { cluster, leaders, timeouts, emit } = this;
    const newCluster = () => this.newCluster();
    return this.keep(
      new PlatformaticSubscription(options, { ...timeouts, cluster, leaders, newCluster, emit }),
    );
  }

  async tail(options: TailOptions): Promise<Tail> {
    this.refuseClosed();
    const { timeouts, emit } = this;
    return this.keep(new PlatformaticTail(options, { ...timeouts, cluster: this.newCluster(), emit }));
  }

  on<K extends keyof DriverEvents>(event: K, listener: (detail: DriverEvents[K]) => void): () => void {
    return this.listeners.on(event, listener);
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as the port has it
  unwrap<T>(): T {
    const { clientId, brokers } = this.options;
    const clients: PlatformaticClients = {
      load: this.load,
      options: { ...connectionOptions(this.options, ''), clientId, bootstrapBrokers: [...brokers] },
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller says what it knows this driver by
    return clients as T;
  }

  async close({ drainMs }: { drainMs: number }): Promise<void> {
    this.stopping.abort();
    this.presence.close();
    const closed = within(
      Promise.allSettled([...this.parts].map(part => part.close())),
      CLOSE_MARGIN_MS,
      tooLate,
    ).catch(() => {});
    await within(Promise.allSettled(this.requests), drainMs, tooLate).catch(() => {});
    await closed; // members leave their groups over the connections that close next
    this.cluster.close();
  }

  /** Starts a subscription or tail and closes it with the driver. */
  private async keep<T extends { start(): Promise<void>; close(): Promise<void> }>(part: T): Promise<T> {
    this.parts.add(part);
    const close = part.close.bind(part);
    part.close = () => {
      this.parts.delete(part);
      return close();
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
    const { options: kafka, timeouts, load } = this;
    return new Cluster({ ...timeouts, kafka, load, onLinkClosed: () => this.presence.doubt() });
  }

  private refuseClosed(): void {
    if (this.stopping.signal.aborted) throw new DriverError('permanent', 'The driver is closed');
  }

  private readonly load = (): Promise<PlatformaticKafka> => {
    this.loading ??= loadClient().catch((error: unknown) => {
      this.loading = undefined; // it may be installed by the next try
      throw error;
    });
    return this.loading;
  };

  private readonly emit = <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]): void => {
    this.listeners.emit(event, detail);
  };
}

function tooLate(): DriverError {
  return new DriverError('retriable', 'Closing took too long');
}
