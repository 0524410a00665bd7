import { ErrorCode } from '../protocol/errors.js';
import { PartitionLog } from '../log/partition-log.js';

/** The leader's id where no replica is alive. */
export const NO_LEADER = -1;

/** One partition: its log, which all brokers of the cluster share, and who leads it. */
export class Partition {
  readonly log: PartitionLog;
  leader = NO_LEADER;
  leaderEpoch = 0;
  private readonly watchers = new Set<() => void>();

  constructor(
    readonly index: number,
    public replicas: readonly number[],
    maxBytes: number,
  ) {
    this.log = new PartitionLog(maxBytes);
  }

  lead(nodeId: number): void {
    if (nodeId === this.leader) return;
    this.leader = nodeId;
    this.leaderEpoch++;
    this.changed();
  }

  /**
   * The error for a request that came to `nodeId`, NONE where that node leads; `epoch` is the one the client
   * believes in, or -1 where it does not say.
   */
  leadershipError(nodeId: number, epoch = -1): number {
    if (this.leader !== nodeId) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    if (epoch === -1 || epoch === this.leaderEpoch) return ErrorCode.NONE;
    return epoch < this.leaderEpoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH;
  }

  /** Calls `fn` at each append, leader change and at the topic's end, until the returned function is called. */
  watch(fn: () => void): () => void {
    this.watchers.add(fn);
    return () => this.watchers.delete(fn);
  }

  changed(): void {
    for (const watcher of this.watchers) watcher();
  }
}
