import { DriverError } from '../driver.js';
import type { ReceivedRecord } from '../driver.js';
import type { Cluster } from '../cluster/cluster.js';
import { brokerError, NO_ERROR, OFFSET_OUT_OF_RANGE } from '../errors.js';
import { epochEnd, listOffset } from '../cluster/log-ends.js';
import { EARLIEST, LATEST } from '../protocol/list-offsets.js';
import type { LogEnd } from '../protocol/list-offsets.js';
import { leadersOf } from '../cluster/topic-leaders.js';

/** The offset of a position that begins at the start of its log, wherever that is. */
export const LOG_START = -1;
/** The log epoch of a position of which nothing was read. */
export const NEVER_READ = -1;
/** A topic that is not there yet may be known to the next broker that is asked; one that is gone is not worth it. */
const FIRST_ABSENCE_MS = 100;
const LONGEST_ABSENCE_MS = 10_000;

export interface ReadPosition {
  readonly topic: string;
  readonly partition: number;
  epoch: number;
  /** The next offset to read. */
  offset: number;
  /** The broker it is read from; undefined while its leader has to be found. */
  leader: number | undefined;
  /** The epoch of that leader, so that a fetch is refused by it once it was deposed; -1 where not known. */
  leaderEpoch: number;
  /** The epoch of the leader that wrote what was read last; NEVER_READ where that is not known. */
  logEpoch: number;
  /** Whether its last fetch was answered. */
  answered: boolean;
  /** The leader refused the offset: it is judged anew once there is a leader to ask. */
  outOfRange: boolean;
  /** The error code that its last fetch was refused with, until one is served. */
  refusal: number;
  locating: boolean;
  /** How often in a row the cluster did not know it, and when it is to be asked again, in monotonic ms. */
  absences: number;
  lookUpAt: number;
  paused: boolean;
  /** The fetch that asks for it now; `taking` while its records are being read. */
  flight: { readonly taking: boolean } | undefined;
  /** What arrived while it was paused. */
  heldBack: HeldBack[];
}

/** What a fetch brought and was not handed on yet. */
export interface HeldBack {
  records: readonly ReceivedRecord[];
  highWatermark: number;
  /** The offset after the last that was fetched, with a record or without. */
  to: number;
}

export interface ReadPositionsOptions {
  cluster: Cluster;
  requestTimeoutMs: number;
  /** Where to go on in a log that is shorter than what was read of it. */
  whenShorter: 'start' | 'end';
  /** The position has moved from `expected`: forward over what was deleted, or back in a log that is shorter now. */
  onGap(position: ReadPosition, expected: number): void;
  /** The leader refuses what no other broker would serve, such as to who has no right; told once a spell. */
  onRefused(error: DriverError): void;
}

export type TopicPartition = { topic: string; partition: number };
type Start = 'epoch' | 'offset' | 'leader';
type Leader = { leader: number; leaderEpoch: number };

/** From where, and at which broker, each partition is read on. */
export class ReadPositions {
  private readonly positions = new Map<string, ReadPosition>();

  constructor(private readonly options: ReadPositionsOptions) {}

  /** True while every partition has a leader and its last fetch was answered; a paused one is not fetched. */
  get settled(): boolean {
    for (const { leader, answered, paused } of this.positions.values()) {
      if (leader === undefined || !(answered || paused)) return false;
    }
    return true;
  }

  /** Whether there is anything to read now. */
  get anyWanted(): boolean {
    for (const { paused } of this.positions.values()) if (!paused) return true;
    return false;
  }

  get anyLost(): boolean {
    return this.lost().length > 0;
  }

  /** When to call `findLost` again: 0 where one is lost that the cluster may know. */
  get lookAgainInMs(): number {
    const now = performance.now();
    return Math.max(0, Math.min(...this.lost().map(({ lookUpAt }) => lookUpAt - now)));
  }

  get leaders(): Set<number> {
    const leaders = new Set<number>();
    for (const { leader } of this.positions.values()) if (leader !== undefined) leaders.add(leader);
    return leaders;
  }

  add(start: TopicPartition & Pick<ReadPosition, Start> & Partial<ReadPosition>): void {
    this.positions.set(keyOf(start), {
      leaderEpoch: -1,
      logEpoch: NEVER_READ,
      answered: start.leader !== undefined,
      outOfRange: false,
      refusal: NO_ERROR,
      locating: false,
      absences: 0,
      lookUpAt: 0,
      paused: false,
      flight: undefined,
      heldBack: [],
      ...start,
    });
  }

  get(entry: TopicPartition): ReadPosition | undefined {
    return this.positions.get(keyOf(entry));
  }

  remove(entry: TopicPartition): void {
    this.positions.delete(keyOf(entry));
  }

  has(position: ReadPosition): boolean {
    return this.get(position) === position;
  }

  /** What is to be fetched from a leader. */
  wantedOf(leader: number): ReadPosition[] {
    return [...this.positions.values()].filter(position => position.leader === leader && !position.paused);
  }

  /** Brokers fill an answer in the order of the request: who got some goes to the end, so that none starves. */
  rotate(position: ReadPosition): void {
    const key = keyOf(position);
    this.positions.delete(key);
    this.positions.set(key, position);
  }

  /** Notes that the leader did not serve a partition. */
  refuse(position: ReadPosition, errorCode: number): void {
    position.answered = false;
    position.leader = undefined;
    position.outOfRange = errorCode === OFFSET_OUT_OF_RANGE;
    const isNews = position.refusal !== errorCode;
    position.refusal = errorCode;
    if (position.outOfRange || !isNews) return;
    const { topic, partition } = position;
    const error = brokerError(errorCode, `Fetching ${topic}[${partition}]`, { needs: 'Read' });
    if (error.kind === 'permanent') this.options.onRefused(error);
  }

  /** Notes that the leader serves a partition. */
  serve(position: ReadPosition): void {
    position.answered = true;
    position.refusal = NO_ERROR;
  }

  /** Notes that a broker cannot be read from: what it led is read elsewhere, or there again, once it is found. */
  lose(leader: number): void {
    for (const position of this.positions.values()) {
      if (position.leader !== leader) continue;
      position.leader = undefined;
      position.answered = false;
    }
  }

  /** Looks for the leaders of the partitions that have none. Those still without are tried at the next call. */
  async findLost(): Promise<void> {
    const now = performance.now();
    const lost = this.lost().filter(({ locating, lookUpAt }) => !locating && lookUpAt <= now);
    if (lost.length === 0) return;
    for (const position of lost) position.locating = true;
    try {
      const leaders = await findLeaders(
        this.options.cluster,
        lost.map(({ topic }) => topic),
      );
      const located = await Promise.allSettled(
        lost.map(position => this.locate(position, leaders.get(keyOf(position)))),
      );
      for (const outcome of located) if (outcome.status === 'rejected') throw outcome.reason;
    } finally {
      for (const position of lost) position.locating = false;
    }
  }

  private lost(): ReadPosition[] {
    return [...this.positions.values()].filter(({ leader }) => leader === undefined);
  }

  private async locate(position: ReadPosition, found: Leader | undefined): Promise<void> {
    noteWhetherAbsent(position, found);
    if (!found || found.leader < 0) return;
    const { leader, leaderEpoch } = found;
    const { offset } = position;
    if (offset === LOG_START) position.offset = await this.logEnd(position, leader, EARLIEST);
    else if (position.outOfRange) position.offset = await this.offsetInRange(position, leader);
    else position.offset = await this.offsetKept(position, found);
    position.outOfRange = false;
    position.leader = leader;
    position.leaderEpoch = leaderEpoch;
    if (position.offset === offset) return;
    position.logEpoch = NEVER_READ; // where it goes on, nothing was read
    if (offset !== LOG_START && this.has(position)) this.options.onGap(position, offset);
  }

  private async offsetInRange(position: ReadPosition, leader: number): Promise<number> {
    const end = await this.logEnd(position, leader, LATEST);
    const start = await this.logEnd(position, leader, EARLIEST);
    // In range again: the leader was behind for a moment.
    if (position.offset <= end) return Math.max(position.offset, start);
    return this.options.whenShorter === 'end' ? end : start;
  }

  /** What was read past the end of its epoch in a new leader's log was lost, and other records took its offsets. */
  private async offsetKept(position: ReadPosition, { leader, leaderEpoch }: Leader): Promise<number> {
    const { topic, partition, offset, logEpoch } = position;
    if (logEpoch === NEVER_READ || leaderEpoch <= logEpoch) return offset;
    const { cluster, requestTimeoutMs } = this.options;
    const asked = { topic, partition, leader, leaderEpoch };
    const end = await epochEnd(cluster, asked, logEpoch, requestTimeoutMs);
    return Math.min(offset, end ?? offset);
  }

  private async logEnd({ topic, partition }: TopicPartition, leader: number, which: LogEnd): Promise<number> {
    const { cluster, requestTimeoutMs } = this.options;
    const { offset } = await listOffset(cluster, { topic, partition, leader }, which, requestTimeoutMs);
    return offset;
  }
}

function noteWhetherAbsent(position: ReadPosition, found: Leader | undefined): void {
  position.absences = found ? 0 : position.absences + 1;
  const waitMs = Math.min(FIRST_ABSENCE_MS * 2 ** (position.absences - 1), LONGEST_ABSENCE_MS);
  position.lookUpAt = found ? 0 : performance.now() + waitMs;
}

/** All partitions of the topics by `keyOf`. */
async function findLeaders(cluster: Cluster, topics: readonly string[]): Promise<Map<string, Leader>> {
  const answer = await cluster.metadata([...new Set(topics)]);
  const leaders = new Map<string, Leader>();
  let refusal: unknown;
  for (const found of answer.topics) {
    try {
      for (const { partition, ...leader } of leadersOf(found))
        leaders.set(keyOf({ topic: found.topic, partition }), leader);
    } catch (error) {
      refusal = error; // of this topic: the others are read all the same
    }
  }
  if (refusal instanceof DriverError && leaders.size === 0) throw refusal;
  return leaders;
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}
