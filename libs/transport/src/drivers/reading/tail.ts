import { DriverError } from '../driver.js';
import type { DriverEvents, Tail, TailOptions } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import type { LoopHealth } from '../loop-health.js';
import type { Cluster } from '../cluster/cluster.js';
import { pause } from '../timing/deadline.js';
import { listOffset } from '../cluster/log-ends.js';
import type { Decompress } from './fetched.js';
import { PartitionReader } from './partition-reader.js';
import { NEVER_READ } from './read-positions.js';
import { LATEST } from '../protocol/list-offsets.js';
import type { Timeouts } from '../kafka-options.js';
import { leadersOf } from '../cluster/topic-leaders.js';

/** How long the start offsets may take to be fixed. */
const START_TIMEOUT_MS = 15_000;
/** A tail is assigned to nobody. */
const NO_EPOCH = 0;

export interface TailDependencies extends Timeouts {
  /** Connections for this tail alone: it closes them. */
  cluster: Cluster;
  decompress: Decompress;
  emit: <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]) => void;
}

/** Reads partitions without a group. */
export class PartitionTail implements Tail {
  private readonly reader: PartitionReader;
  private readonly stopping = new AbortController();

  constructor(
    private readonly options: TailOptions,
    private readonly dependencies: TailDependencies,
  ) {
    const { topic } = options;
    const { cluster, requestTimeoutMs, decompress, emit } = dependencies;
    this.reader = new PartitionReader({
      where: `tail of ${topic}`,
      clusters: [cluster],
      lookups: cluster,
      whenShorter: 'end',
      requestTimeoutMs,
      decompress,
      emit,
      onBatch: batch => options.onBatch(batch),
      ...(options.onPassed && {
        onPassed: ({ partition }, offset) => options.onPassed!({ partition, offset }),
      }),
      onGap: ({ partition, offset }, expected) =>
        options.onGap({ topic, partition, expected, resumedAt: offset }),
    });
  }

  get reading(): boolean {
    return this.reader.reading;
  }

  loops(): readonly LoopHealth[] {
    return [this.reader.loop];
  }

  /** Fixes all start offsets, then begins to read. */
  async start(): Promise<void> {
    const { signal } = this.stopping;
    const until = performance.now() + START_TIMEOUT_MS;
    const backoff = new Backoff();
    for (;;) {
      try {
        await this.fix();
        break;
      } catch (error) {
        const isFinal = error instanceof DriverError && error.kind === 'permanent';
        if (isFinal || signal.aborted || performance.now() > until) throw error;
      }
      await pause(backoff.take(), signal);
    }
    this.reader.wake();
  }

  pause(partition: number): void {
    const position = this.reader.positions.get({ topic: this.options.topic, partition });
    if (position) this.reader.pause(position);
  }

  resume(partition: number): void {
    const position = this.reader.positions.get({ topic: this.options.topic, partition });
    if (position) this.reader.resume(position);
  }

  async close(): Promise<void> {
    this.stopping.abort();
    this.reader.close();
  }

  /** Fixes where each partition starts. Rejects where one has no leader now; may be called again. */
  private async fix(): Promise<void> {
    const { topic, partitions, from } = this.options;
    const { cluster, requestTimeoutMs } = this.dependencies;
    const { topics } = await cluster.metadata([topic]);
    const leaders = topics.filter(entry => entry.topic === topic).flatMap(leadersOf);
    for (const partition of partitions) {
      const { leader, leaderEpoch = -1 } = leaders.find(entry => entry.partition === partition) ?? {};
      if (leader === undefined && leaders.length > 0) {
        const message = `${topic}[${partition}] does not exist: the topic has ${leaders.length} partitions`;
        throw new DriverError('permanent', message, 'UNKNOWN_TOPIC_OR_PARTITION');
      }
      if (leader === undefined || leader < 0) {
        const message = `${topic}[${partition}] has no leader to be read from`;
        throw new DriverError('stale', message, 'LEADER_NOT_AVAILABLE');
      }
      const start =
        from === 'end'
          ? await listOffset(cluster, { topic, partition, leader }, LATEST, requestTimeoutMs)
          : { offset: typeof from === 'number' ? from : from.get(partition)!, leaderEpoch: NEVER_READ };
      this.reader.positions.add({
        topic,
        partition,
        epoch: NO_EPOCH,
        leader,
        leaderEpoch,
        offset: start.offset,
        logEpoch: start.leaderEpoch,
      });
    }
  }
}
