import { DriverError } from '../driver.js';
import type { TailOptions } from '../driver.js';
import type { Cluster } from './cluster.js';
import { OFFSET_OUT_OF_RANGE } from './errors.js';
import { listOffset } from './log-ends.js';
import { EARLIEST, LATEST } from './protocol/list-offsets.js';
import type { LogEnd } from './protocol/list-offsets.js';
import { leadersOf } from './topic-leaders.js';

export interface TailPosition {
  readonly partition: number;
  /** The next offset to read. */
  offset: number;
  /** The broker it is read from; undefined while its leader has to be found again. */
  leader: number | undefined;
  /** Whether its last fetch was answered. */
  answered: boolean;
  /** The leader refused the offset: it is judged anew once there is a leader to ask. */
  outOfRange: boolean;
}

type Options = Pick<TailOptions, 'topic' | 'partitions' | 'from' | 'onGap'>;

/** From where, and at which broker, each partition of a tail is read on. */
export class TailPositions {
  private readonly positions = new Map<number, TailPosition>();

  constructor(
    private readonly options: Options,
    private readonly cluster: Cluster,
    private readonly requestTimeoutMs: number,
  ) {}

  /** True while every partition has a leader and its last fetch was answered. */
  get settled(): boolean {
    for (const { leader, answered } of this.positions.values()) {
      if (leader === undefined || !answered) return false;
    }
    return true;
  }

  get anyLost(): boolean {
    return this.lost().length > 0;
  }

  get leaders(): Set<number> {
    const leaders = new Set<number>();
    for (const { leader } of this.positions.values()) if (leader !== undefined) leaders.add(leader);
    return leaders;
  }

  ledBy(leader: number): TailPosition[] {
    return [...this.positions.values()].filter(position => position.leader === leader);
  }

  /** The position of a partition that is read from that leader now. */
  at(partition: number, leader: number): TailPosition | undefined {
    const position = this.positions.get(partition);
    return position?.leader === leader ? position : undefined;
  }

  /** Notes that the leader did not serve a partition. */
  refuse(position: TailPosition, errorCode: number): void {
    position.answered = false;
    position.leader = undefined;
    position.outOfRange = errorCode === OFFSET_OUT_OF_RANGE;
  }

  /** Notes that a broker cannot be read from: what it led is read elsewhere, or there again, once it is found. */
  lose(leader: number): void {
    for (const position of this.ledBy(leader)) {
      position.leader = undefined;
      position.answered = false;
    }
  }

  /** Fixes where each partition starts. Rejects where one has no leader now; may be called again. */
  async fix(): Promise<void> {
    const { topic, partitions, from } = this.options;
    const leaders = await this.findLeaders();
    for (const partition of partitions) {
      const leader = leaders.get(partition);
      if (leader === undefined && leaders.size > 0) {
        const message = `${topic}[${partition}] does not exist: the topic has ${leaders.size} partitions`;
        throw new DriverError('permanent', message, 'UNKNOWN_TOPIC_OR_PARTITION');
      }
      if (leader === undefined || leader < 0) {
        const message = `${topic}[${partition}] has no leader to be read from`;
        throw new DriverError('stale', message, 'LEADER_NOT_AVAILABLE');
      }
      const offset = from === 'end' ? await this.listOffset(partition, leader, LATEST) : from;
      this.positions.set(partition, { partition, offset, leader, answered: true, outOfRange: false });
    }
  }

  /** Looks for the leaders of the partitions that have none. Those still without are tried at the next call. */
  async findLost(): Promise<void> {
    const leaders = await this.findLeaders();
    for (const position of this.lost()) {
      const leader = leaders.get(position.partition);
      if (leader === undefined || leader < 0) continue;
      if (position.outOfRange) await this.resumeInRange(position, leader);
      position.leader = leader;
    }
  }

  private lost(): TailPosition[] {
    return [...this.positions.values()].filter(({ leader }) => leader === undefined);
  }

  /** Goes on at the log's start when retention overtook the reader, at its end when the log is shorter than it was. */
  private async resumeInRange(position: TailPosition, leader: number): Promise<void> {
    const { partition, offset: expected } = position;
    const end = await this.listOffset(partition, leader, LATEST);
    const start = await this.listOffset(partition, leader, EARLIEST);
    const resumedAt = expected > end ? end : Math.max(expected, start);
    position.outOfRange = false;
    position.offset = resumedAt;
    if (resumedAt === expected) return; // the leader was behind for a moment
    this.options.onGap({ topic: this.options.topic, partition, expected, resumedAt });
  }

  /** All partitions of the topic; -1 for one without a leader. */
  private async findLeaders(): Promise<Map<number, number>> {
    const { topic } = this.options;
    const { topics } = await this.cluster.metadata([topic]);
    const found = topics.filter(entry => entry.topic === topic).flatMap(leadersOf);
    return new Map(found.map(({ partition, leader }) => [partition, leader]));
  }

  private listOffset(partition: number, leader: number, which: LogEnd): Promise<number> {
    const { topic } = this.options;
    return listOffset(this.cluster, { topic, partition, leader }, which, this.requestTimeoutMs);
  }
}
