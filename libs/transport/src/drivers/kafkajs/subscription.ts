import type { Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import { DriverError } from '../driver.js';
import type { Assignment, CommitOffset, DriverEvents, SubscribeOptions, Subscription } from '../driver.js';
import { within } from './deadline.js';
import { messageOf, unanswered } from './errors.js';
import { groupAssigner } from './group-assigner.js';
import { carriedRecords, fetchHook } from './group-fetch.js';
import { HeldPartitions } from './held-partitions.js';
import { fetchedOffset, guardClusters } from './internals.js';
import type { AssignmentChange } from './held-partitions.js';
import type { GuardedConnections, OffsetCommitCall } from './internals.js';
import { RETRY } from './settings.js';

/** The lowest that brokers allow by default: a dead member's partitions move after it. */
const SESSION_TIMEOUT_MS = 6_000;
const REBALANCE_TIMEOUT_MS = 10_000;
/** kafkajs's 3 s make each join wait that long for the other members. */
const HEARTBEAT_MS = 250;
/** Bounds how late a pause, a resume or a close takes effect in kafkajs. */
const MAX_WAIT_MS = 100;
const METADATA_MAX_AGE_MS = 10_000;
const MAX_PARTITION_BYTES = 1024 * 1024;
/** Batches are only handed on, so one worker serves all partitions: kafkajs wakes each of them at every fetch. */
const PARTITIONS_AT_ONCE = 1;
/** kafkajs's disconnect waits for long polls, and for ever on a hung broker. */
const CLOSE_TIMEOUT_MS = 2_000;
const COMMIT_TIMEOUT_MS = 10_000;

type TopicPartition = { topic: string; partition: number };

export interface SubscriptionDependencies {
  /** A client for this subscription alone: kafkajs keeps committed offsets per client and group. */
  kafka: Kafka;
  emit<K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]): void;
}

/**
 * A group member carried by kafkajs's consumer. kafkajs reads on from the committed offsets after each join, so
 * what was taken in an epoch is sought past and, should it come again, ignored. It cannot wait for a revocation
 * before it joins again: partitions are told as revoked after the join that moved them, when their last commit
 * would already count against their new owner and is dropped.
 */
export class KafkajsSubscription implements Subscription {
  private readonly consumer: Consumer;
  private readonly connections: GuardedConnections;
  private readonly held = new HeldPartitions();
  private readonly paused = new Map<string, TopicPartition>();
  private memberId: string | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly options: SubscribeOptions,
    private readonly dependencies: SubscriptionDependencies,
  ) {
    this.connections = guardClusters(dependencies.kafka, {
      call: fetchHook(this.report),
      offsetCommit: call => this.withoutLost(call),
    });
    this.consumer = dependencies.kafka.consumer({
      groupId: options.group,
      partitionAssigners: [groupAssigner(() => this.owned(), this.report)],
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      maxBytesPerPartition: MAX_PARTITION_BYTES,
      minBytes: 1,
      maxWaitTimeInMs: MAX_WAIT_MS,
      allowAutoTopicCreation: false,
      retry: { ...RETRY, restartOnFailure: async () => this.closing === undefined },
    });
  }

  async start(): Promise<void> {
    const { consumer, options } = this;
    consumer.on(consumer.events.GROUP_JOIN, event => this.onJoin(event));
    consumer.on(consumer.events.CRASH, event => this.onCrash(event));
    try {
      await consumer.connect();
      await consumer.subscribe({
        topics: [...options.topics],
        fromBeginning: true, // `latest` was committed before; what is out of range goes on at the log's start
      });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: true,
        partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
        eachBatch: async payload => this.onBatch(payload),
      });
    } catch (error) {
      await this.close();
      throw unanswered(`Joining the group ${options.group}`, error);
    }
  }

  async commit(offsets: readonly CommitOffset[]): Promise<void> {
    const current = offsets.filter(offset => this.held.covers(offset));
    if (current.length === 0 || this.closing) return;
    const committed = this.consumer.commitOffsets(
      current.map(({ topic, partition, offset, metadata }) => ({
        topic,
        partition,
        offset: String(offset),
        metadata: metadata ?? '',
      })),
    );
    const doing = `Committing for the group ${this.options.group}`;
    try {
      await within(
        committed,
        COMMIT_TIMEOUT_MS,
        () => new DriverError('retriable', `${doing} was not answered within ${COMMIT_TIMEOUT_MS} ms`),
      );
    } catch (error) {
      throw unanswered(doing, error);
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const entry of partitions) this.paused.set(keyOf(entry), entry);
    this.control(() => this.consumer.pause(byTopic(partitions)));
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const entry of partitions) this.paused.delete(keyOf(entry));
    this.control(() => this.consumer.resume(byTopic(partitions)));
  }

  close(): Promise<void> {
    this.closing ??= this.leave();
    return this.closing;
  }

  private async leave(): Promise<void> {
    const hung = new DriverError('retriable', `The group ${this.options.group} was not left in time`);
    await within(this.consumer.disconnect(), CLOSE_TIMEOUT_MS, () => hung).catch((error: Error) => {
      // The group takes this member for dead once its session ends.
      this.connections.cut(error);
    });
    this.held.drop();
  }

  /** Synchronous: it only hands records on, so that kafkajs fetches again at once. */
  private onBatch({ batch }: EachBatchPayload): void {
    const { topic, partition } = batch;
    let held = this.held.get(batch);
    if (!held || this.closing) return;
    const highWatermark = Number(batch.highWatermark);
    const fetchedFrom = fetchedOffset(batch);
    const { taken } = held;
    if (taken && fetchedFrom > taken.next) {
      this.report(
        new Error(
          `Offsets ${taken.next} to ${fetchedFrom - 1} of ${topic}[${partition}] were deleted before they were read`,
        ),
      );
    }
    if (taken && (highWatermark < taken.next || fetchedFrom < taken.from)) {
      // The log is not the one that was read, or this is read from further back: offsets start anew.
      this.announce(this.held.renew(batch));
      held = this.held.get(batch);
      if (!held) return;
    }
    const from = held.taken?.next ?? fetchedFrom;
    const records = batch.messages.flatMap(carriedRecords).filter(({ offset }) => offset >= from);
    const next = Math.max(from, Number(batch.lastOffset()) + 1);
    this.held.take(batch, from, next);
    if (records.length === 0) return;
    this.shield(() => this.options.onBatch({ topic, partition, epoch: held.epoch, records, highWatermark }));
  }

  private onJoin({ payload }: ConsumerGroupJoinEvent): void {
    if (this.closing) return;
    if (this.memberId !== undefined && this.memberId !== payload.memberId) {
      this.revoke(this.held.drop()); // it had been put out of the group: others read in between
    }
    this.memberId = payload.memberId;
    const partitions = Object.entries(payload.memberAssignment).flatMap(([topic, numbers]) =>
      numbers.map(partition => ({ topic, partition })),
    );
    const change = this.held.replace(partitions);
    for (const { topic, partition, taken } of this.held.all()) {
      if (!taken) continue;
      this.control(() => this.consumer.seek({ topic, partition, offset: String(taken.next) }));
    }
    this.announce(change);
    const stillPaused = [...this.paused.values()].filter(entry => this.held.get(entry));
    if (stillPaused.length > 0) this.control(() => this.consumer.pause(byTopic(stillPaused)));
  }

  private onCrash({ payload: { error, restart } }: ConsumerCrashEvent): void {
    if (this.closing) return;
    this.memberId = undefined;
    this.revoke(this.held.drop());
    if (restart) this.report(error);
    else this.dependencies.emit('crashed', { error });
  }

  private announce(change: AssignmentChange | undefined): void {
    if (!change) return;
    this.revoke(change.revoked);
    if (change.assigned.length > 0) this.shield(() => this.options.onAssigned(change.assigned));
  }

  private revoke(revoked: readonly Assignment[]): void {
    if (revoked.length === 0) return;
    const lost = revoked.filter(entry => this.paused.delete(keyOf(entry)));
    if (lost.length > 0) this.control(() => this.consumer.resume(byTopic(lost)));
    this.shield(() => {
      Promise.resolve(this.options.onRevoked(revoked)).catch(this.report);
    });
  }

  /** kafkajs repeats a commit that failed, after a rebalance too: what was lost by then must not be among it. */
  private withoutLost<T extends OffsetCommitCall>(call: T): T {
    const topics = call.topics
      .map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.filter(({ partition }) => this.held.get({ topic, partition })),
      }))
      .filter(({ partitions }) => partitions.length > 0);
    return { ...call, topics };
  }

  private owned(): Record<string, number[]> {
    const owned: Record<string, number[]> = {};
    for (const { topic, partition } of this.held.all()) (owned[topic] ??= []).push(partition);
    return owned;
  }

  /** kafkajs raises while it is between two runs; a join applies again what matters. */
  private control(change: () => void): void {
    if (this.closing) return;
    try {
      change();
    } catch {
      // not running
    }
  }

  private shield(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.report(error);
    }
  }

  private readonly report = (error: unknown): void => {
    if (this.closing) return;
    const told = error instanceof Error ? error : new Error(messageOf(error));
    this.dependencies.emit('error', { error: told, where: `group ${this.options.group}` });
  };
}

function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const known = topics.get(topic);
    if (known) known.push(partition);
    else topics.set(topic, [partition]);
  }
  return [...topics].map(([topic, numbers]) => ({ topic, partitions: numbers }));
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}
