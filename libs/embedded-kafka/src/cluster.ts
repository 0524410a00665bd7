import { randomBytes } from 'node:crypto';
import { NO_LEADER, Partition } from './cluster/partition.js';
import { checkTopicName, Topic } from './cluster/topic.js';
import { TopicConfigs } from './cluster/topic-configs.js';
import type { Clock } from './clock.js';
import { GroupCoordinator, type GroupLimits } from './group/group-coordinator.js';
import { ErrorCode, KafkaError } from './protocol/errors.js';
import { Rights } from './rights.js';

/** A broker as metadata shows it. */
export interface Node {
  readonly id: number;
  readonly host: string;
  port: number;
  alive: boolean;
}

export interface ClusterOptions extends GroupLimits {
  /** Most bytes one partition keeps; the oldest batches go first. */
  readonly maxPartitionBytes: number;
}

export interface NewTopic {
  readonly name: string;
  /** -1 for the default, 1. */
  readonly partitions?: number;
  /** -1 for the default, as many as there are brokers up to 3. */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
  /** Which brokers hold which partition, first the one that should lead: in place of the two numbers. */
  readonly assignment?: readonly (readonly number[])[];
}

/** Most partitions one topic may have: far more than a test needs, few enough to make at once. */
const MAX_PARTITIONS = 10_000;

/** What the brokers of one cluster share: topics and their logs, who leads what, and the consumer groups. */
export class Cluster {
  readonly id = randomBytes(16).toString('base64url');
  readonly nodes = new Map<number, Node>();
  readonly topics = new Map<string, Topic>();
  readonly groups: GroupCoordinator;
  readonly rights = new Rights();
  private nextProducerId = 0;

  constructor(
    clock: Clock,
    private readonly options: ClusterOptions,
  ) {
    this.groups = new GroupCoordinator(clock, options);
  }

  liveNodes(): Node[] {
    return [...this.nodes.values()].filter(({ alive }) => alive);
  }

  isAlive(nodeId: number): boolean {
    return this.nodes.get(nodeId)?.alive ?? false;
  }

  /** The broker that administers the cluster, or -1 where none lives. */
  get controllerId(): number {
    return this.liveNodes()[0]?.id ?? -1;
  }

  /** The broker that coordinates a group: always the same one while the same brokers live. */
  coordinatorOf(groupId: string): Node | undefined {
    const nodes = [...this.nodes.values()];
    let hash = 0;
    for (let at = 0; at < groupId.length; at++) hash = (hash * 31 + groupId.charCodeAt(at)) >>> 0;
    for (let step = 0; step < nodes.length; step++) {
      const node = nodes[(hash + step) % nodes.length];
      if (node?.alive) return node;
    }
    return undefined;
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.topics.get(topic)?.partitions[index];
  }

  /** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION */
  partitionOf(topic: string, index: number): Partition {
    const partition = this.partition(topic, index);
    if (partition) return partition;
    throw new KafkaError(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      `There is no partition ${index} of '${topic}'.`,
    );
  }

  /** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION, OFFSET_OUT_OF_RANGE */
  deleteRecords(topic: string, index: number, upTo: { before: number } | { keep: number }): void {
    const partition = this.partitionOf(topic, index);
    const { log } = partition;
    const before = 'before' in upTo ? upTo.before : Math.max(log.endOffset - upTo.keep, log.startOffset);
    if (!(before >= 0 && before <= log.endOffset))
      throw new KafkaError(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `${topic}[${index}] holds offsets up to ${log.endOffset}: nothing ends before ${before}.`,
      );
    log.deleteBefore(before);
    partition.changed();
  }

  topicById(id: string): Topic | undefined {
    for (const topic of this.topics.values()) if (topic.id === id) return topic;
    return undefined;
  }

  newProducerId(): number {
    return this.nextProducerId++;
  }

  /**
   * Makes a topic, or only checks that it could be made.
   * @throws KafkaError with the code and words that Kafka gives
   */
  createTopic(topic: NewTopic, validateOnly = false): Topic {
    checkTopicName(topic.name);
    if (this.topics.has(topic.name))
      throw new KafkaError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${topic.name}' already exists.`);
    const created = new Topic(topic.name, new TopicConfigs(Object.entries(topic.configs ?? {})));
    const assignment = topic.assignment ?? this.assign(topic.partitions ?? -1, topic.replicationFactor ?? -1);
    this.checkAssignment(assignment);
    this.addPartitions(created, assignment);
    if (!validateOnly) this.topics.set(created.name, created);
    return created;
  }

  /** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION */
  deleteTopic(name: string): void {
    const topic = this.existing(name);
    this.topics.delete(name);
    this.groups.forgetTopic(name);
    for (const partition of topic.partitions) partition.lead(NO_LEADER);
  }

  /** @throws KafkaError INVALID_PARTITIONS unless `count` is more than the topic has */
  growTopic(
    name: string,
    count: number,
    assignment: readonly (readonly number[])[] | undefined,
    validateOnly: boolean,
  ): void {
    const topic = this.existing(name);
    const more = count - topic.partitions.length;
    if (more <= 0 || count > MAX_PARTITIONS)
      throw new KafkaError(
        ErrorCode.INVALID_PARTITIONS,
        `Topic '${name}' has ${topic.partitions.length} partitions and cannot be given ${count}.`,
      );
    if (assignment && assignment.length !== more)
      throw new KafkaError(
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        `${more} partitions are added, but replicas are given for ${assignment.length}.`,
      );
    const added = assignment ?? this.assign(more, topic.replicationFactor, topic.partitions.length);
    this.checkAssignment(added);
    if (!validateOnly) this.addPartitions(topic, added);
  }

  /**
   * Lets `nodeId` lead a partition; it becomes a replica if it was none. The batches of the last `losing` records
   * are gone by that, as after an unclean election.
   * @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION, BROKER_NOT_AVAILABLE
   */
  moveLeader(topic: string, index: number, nodeId: number, { losing = 0 } = {}): void {
    const partition = this.partitionOf(topic, index);
    if (!this.isAlive(nodeId))
      throw new KafkaError(
        ErrorCode.BROKER_NOT_AVAILABLE,
        `Broker ${nodeId} is not running and cannot lead.`,
      );
    if (!partition.replicas.includes(nodeId)) partition.replicas = [...partition.replicas, nodeId];
    if (losing > 0) partition.log.truncateTo(partition.log.endOffset - losing);
    partition.lead(nodeId);
  }

  /** Gives every partition without a living leader to its first living replica. */
  electLeaders(): void {
    for (const topic of this.topics.values()) for (const partition of topic.partitions) this.elect(partition);
  }

  private elect(partition: Partition): void {
    if (this.isAlive(partition.leader)) return;
    partition.lead(partition.replicas.find(id => this.isAlive(id)) ?? NO_LEADER);
  }

  private existing(name: string): Topic {
    const topic = this.topics.get(name);
    if (!topic) throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `There is no topic '${name}'.`);
    return topic;
  }

  private addPartitions(topic: Topic, assignment: readonly (readonly number[])[]): void {
    for (const replicas of assignment) {
      const partition = new Partition(topic.partitions.length, replicas, this.options.maxPartitionBytes);
      this.elect(partition);
      partition.leaderEpoch = 0;
      topic.partitions.push(partition);
    }
  }

  /** Spreads replicas over the living brokers, so that partition 0 is led by the first of them, 1 by the next. */
  private assign(partitions: number, replicationFactor: number, first = 0): number[][] {
    const count = partitions === -1 ? 1 : partitions;
    if (count <= 0 || count > MAX_PARTITIONS)
      throw new KafkaError(
        ErrorCode.INVALID_PARTITIONS,
        `The number of partitions must lie between 1 and ${MAX_PARTITIONS}, not ${partitions}.`,
      );
    const live = this.liveNodes().map(({ id }) => id);
    const factor = replicationFactor === -1 ? Math.min(3, this.nodes.size) : replicationFactor;
    if (factor <= 0 || factor > live.length)
      throw new KafkaError(
        ErrorCode.INVALID_REPLICATION_FACTOR,
        `Replication factor ${factor} needs as many living brokers; there are ${live.length}.`,
      );
    const twice = [...live, ...live];
    return Array.from({ length: count }, (_, index) => {
      const from = (first + index) % live.length;
      return twice.slice(from, from + factor);
    });
  }

  private checkAssignment(assignment: readonly (readonly number[])[]): void {
    for (const replicas of assignment)
      if (
        replicas.length === 0 ||
        new Set(replicas).size !== replicas.length ||
        !replicas.every(id => this.nodes.has(id))
      )
        throw new KafkaError(
          ErrorCode.INVALID_REPLICA_ASSIGNMENT,
          `Replicas must be different brokers of this cluster, not [${replicas.join(', ')}].`,
        );
  }
}
