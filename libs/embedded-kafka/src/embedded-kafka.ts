import { Broker } from './broker.js';
import { SystemClock } from './clock.js';
import { Cluster, type NewTopic } from './cluster.js';
import { faultAt, type FaultTarget } from './fault-target.js';
import type { Fault } from './faults.js';
import { Interceptors, type Interceptor } from './interceptors.js';
import type { DeniedRight } from './rights.js';

export interface EmbeddedKafkaOptions {
  /** How many brokers the cluster has; their ids start at 1. Default 1. */
  readonly brokers?: number;
  /** Port of the first broker, the next ones follow; 0, the default, takes free ones. */
  readonly port?: number;
  /** Address to listen on, and to tell clients. Default 127.0.0.1. */
  readonly host?: string;
  /** Topics to make at once: a name is short for one partition with Kafka's default configs. */
  readonly topics?: readonly (string | NewTopic)[];
  /** Most bytes that a partition keeps; its oldest batches go first. Default 64 MiB. */
  readonly maxPartitionBytes?: number;
  /** The shortest session timeout that a group member may ask for, in ms. Default 6000, as Kafka's. */
  readonly minSessionTimeoutMs?: number;
  /** The longest. Default 1,800,000, as Kafka's. */
  readonly maxSessionTimeoutMs?: number;
  /** Told why a connection was closed. Default: nobody is. */
  readonly log?: (message: string) => void;
}

/** A Kafka cluster in this process: in memory, on real TCP ports. */
export class EmbeddedKafka implements AsyncDisposable {
  private readonly running = new Map<number, Broker>();
  private readonly clock = new SystemClock();
  private readonly interceptors = new Interceptors();
  private readonly cluster: Cluster;

  private constructor(
    private readonly host: string,
    private readonly options: EmbeddedKafkaOptions,
  ) {
    this.cluster = new Cluster(this.clock, {
      maxPartitionBytes: options.maxPartitionBytes ?? 64 * 1024 * 1024,
      minSessionTimeoutMs: options.minSessionTimeoutMs ?? 6_000,
      maxSessionTimeoutMs: options.maxSessionTimeoutMs ?? 1_800_000,
    });
  }

  /** Resolves once every broker accepts connections and every topic exists. */
  static async start(options: EmbeddedKafkaOptions = {}): Promise<EmbeddedKafka> {
    const { brokers = 1, port = 0, host = '127.0.0.1', topics = [] } = options;
    if (!Number.isInteger(brokers) || brokers < 1)
      throw new RangeError(`brokers must be a whole number from 1 on, not ${brokers}`);
    const kafka = new EmbeddedKafka(host, options);
    try {
      for (let id = 1; id <= brokers; id++) {
        kafka.cluster.nodes.set(id, { id, host, port: port === 0 ? 0 : port + id - 1, alive: false });
        await kafka.startBroker(id);
      }
      for (const topic of topics) kafka.createTopic(topic);
    } catch (error) {
      await kafka.close();
      throw error;
    }
    return kafka;
  }

  /** `host:port` of each broker, stopped ones too: they come back on the same port. */
  get brokers(): string[] {
    return [...this.cluster.nodes.values()].map(({ host, port }) => `${host}:${port}`);
  }

  /** The same as one comma-separated string. */
  get bootstrap(): string {
    return this.brokers.join(',');
  }

  /** @throws KafkaError, with the code that CreateTopics would answer with */
  createTopic(topic: string | NewTopic): void {
    this.cluster.createTopic(typeof topic === 'string' ? { name: topic } : topic);
  }

  /** The broker that leads a partition, or -1 where none does. */
  leaderOf(topic: string, partition: number): number {
    return this.cluster.partition(topic, partition)?.leader ?? -1;
  }

  /**
   * Lets another broker lead; it becomes a replica if it was none. The batches of the last `losing` records are gone
   * by that, as after an unclean election. @throws KafkaError where either is unknown
   */
  moveLeader(topic: string, partition: number, nodeId: number, options: { losing?: number } = {}): void {
    this.cluster.moveLeader(topic, partition, nodeId, options);
  }

  /** The broker that coordinates a consumer group, or -1 where none is running. */
  coordinatorOf(groupId: string): number {
    return this.cluster.coordinatorOf(groupId)?.id ?? -1;
  }

  /**
   * Breaks the broker's connections and stops listening. Partitions that it led go to their next living
   * replica; those without one have no leader until a replica starts again. Nothing of a log is lost.
   */
  async stopBroker(id: number): Promise<void> {
    const node = this.node(id);
    node.alive = false;
    const broker = this.running.get(id);
    this.running.delete(id);
    this.cluster.electLeaders();
    await broker?.close();
  }

  /** Starts a stopped broker on the port it had; it leads what has no leader and counts it as a replica. */
  async startBroker(id: number): Promise<void> {
    const node = this.node(id);
    if (this.running.has(id)) return;
    const { cluster, clock, interceptors } = this;
    const broker = new Broker({
      cluster,
      clock,
      interceptors,
      nodeId: id,
      log: this.options.log ?? (() => {}),
    });
    this.running.set(id, broker);
    try {
      node.port = await broker.listen(this.host, node.port);
    } catch (error) {
      this.running.delete(id);
      throw error;
    }
    node.alive = true;
    cluster.electLeaders();
  }

  /**
   * Calls `interceptor` for each request of one API, on every broker, before it is handled; what it returns (see
   * `fault`) becomes of the request. Returns what removes it.
   */
  intercept(apiKey: number, interceptor: Interceptor): () => void {
    return this.interceptors.add(apiKey, interceptor);
  }

  /**
   * Lets `fault` befall the requests that fit `target`; where several fit, the first one that was added counts.
   * Returns what removes it.
   * @throws RangeError for an API that is not served, or that names no topics where one is targeted
   */
  inject(target: FaultTarget, fault: Fault): () => void {
    return this.interceptors.add(target.api, faultAt(target, fault));
  }

  /**
   * Takes a right away, so that requests that need it are refused as Kafka refuses them. Returns what gives it back.
   */
  deny(right: DeniedRight): () => void {
    return this.cluster.rights.deny(right);
  }

  /** The first offset of a partition that can be read, and the one that its next record gets. */
  offsetsOf(topic: string, partition: number): { start: number; end: number } {
    const { log } = this.cluster.partitionOf(topic, partition);
    return { start: log.startOffset, end: log.endOffset };
  }

  /**
   * Lets go of a partition's records before `offset`, or of all but the newest `keep`, as retention does; whoever
   * reads them is told OFFSET_OUT_OF_RANGE. @throws KafkaError where there is no such partition or offset
   */
  deleteRecords(topic: string, partition: number, upTo: { before: number } | { keep: number }): void {
    this.cluster.deleteRecords(topic, partition, upTo);
  }

  /** Stops everything. No socket and no timer is left, and all records are gone. */
  async close(): Promise<void> {
    await Promise.all([...this.running.values()].map(broker => broker.close()));
    this.running.clear();
    this.clock.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private node(id: number) {
    const node = this.cluster.nodes.get(id);
    if (!node) throw new RangeError(`there is no broker ${id}: ids run from 1 to ${this.cluster.nodes.size}`);
    return node;
  }
}
