import { DriverError } from '../driver.js';
import type { DriverEvents, Tail, TailOptions } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import { pause } from '../timing/deadline.js';
import { leadersOf } from '../cluster/topic-leaders.js';
import type { Cluster } from './cluster.js';
import { Fetcher } from './fetcher.js';
import { listOffset } from './log-ends.js';
import { positionAt } from './position.js';
import type { Position } from './position.js';
import type { Timeouts } from './settings.js';

/** How long a broker may hold a fetch while nothing arrives; also how late a moved partition may be picked up. */
const MAX_WAIT_MS = 500;
const MAX_PARTITION_BYTES = 2 * 1024 * 1024;
/** How long the start offsets may take to be fixed. */
const START_TIMEOUT_MS = 15_000;

export interface TailDependencies extends Timeouts {
  /** Connections for this tail alone: it closes them. */
  cluster: Cluster;
  emit: <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]) => void;
}

/** Reads partitions without a group, from offsets that are fixed before it starts. */
export class PlatformaticTail implements Tail {
  private readonly fetcher: Fetcher;
  private readonly stopping = new AbortController();

  constructor(
    private readonly options: TailOptions,
    private readonly dependencies: TailDependencies,
  ) {
    const { topic } = options;
    this.fetcher = new Fetcher({
      ...dependencies,
      where: `tail of ${topic}`,
      maxWaitMs: MAX_WAIT_MS,
      maxPartitionBytes: MAX_PARTITION_BYTES,
      pastEnd: 'end',
      onBatch: batch => options.onBatch(batch),
      onGap: ({ position, expected, resumedAt }) =>
        options.onGap({ topic, partition: position.partition, expected, resumedAt }),
    });
  }

  get reading(): boolean {
    return this.fetcher.reading;
  }

  /** Fixes all start offsets, then begins to read. */
  async start(): Promise<void> {
    const { signal } = this.stopping;
    const until = performance.now() + START_TIMEOUT_MS;
    const backoff = new Backoff();
    for (;;) {
      try {
        this.fetcher.read(await this.fixStart());
        return;
      } catch (error) {
        const isFinal = error instanceof DriverError && error.kind === 'permanent';
        if (isFinal || signal.aborted || performance.now() > until) throw error;
      }
      await pause(backoff.take(), signal);
    }
  }

  async close(): Promise<void> {
    this.stopping.abort();
    this.fetcher.close();
  }

  private async fixStart(): Promise<Position[]> {
    const { topic, partitions, from } = this.options;
    const { cluster, requestTimeoutMs } = this.dependencies;
    const { topics } = await cluster.metadata([topic]);
    const leaders = topics.filter(entry => entry.topic === topic).flatMap(leadersOf);
    const positions = partitions.map(async partition => {
      const leader = leaders.find(entry => entry.partition === partition)?.leader;
      if (leader === undefined && leaders.length > 0) {
        const message = `${topic}[${partition}] does not exist: the topic has ${leaders.length} partitions`;
        throw new DriverError('permanent', message, 'UNKNOWN_TOPIC_OR_PARTITION');
      }
      if (leader === undefined || leader < 0) {
        const message = `${topic}[${partition}] has no leader to be read from`;
        throw new DriverError('stale', message, 'LEADER_NOT_AVAILABLE');
      }
      const where = { topic, partition, leader, epoch: 0 };
      const offset = from === 'end' ? await listOffset(cluster, where, 'latest', requestTimeoutMs) : from;
      return positionAt(where, offset, leader);
    });
    return Promise.all(positions);
  }
}
