import { DriverError } from '../driver.js';
import type { DriverEvents, ReceivedRecord, Tail, TailOptions } from '../driver.js';
import { Backoff } from './backoff.js';
import type { BrokerLink } from './broker-link.js';
import type { Cluster } from './cluster.js';
import { pause } from './deadline.js';
import { brokerError, messageOf, NO_ERROR, OFFSET_OUT_OF_RANGE } from './errors.js';
import { decompress } from './internals.js';
import { listOffset } from './log-ends.js';
import { APIS } from './protocol/api.js';
import { batchHeaders, readBatches } from './protocol/batch-reader.js';
import type { BatchHeader } from './protocol/batch-reader.js';
import { fetchRequest } from './protocol/fetch.js';
import type { FetchedPartition } from './protocol/fetch.js';
import { EARLIEST, LATEST } from './protocol/list-offsets.js';
import type { LogEnd } from './protocol/list-offsets.js';
import { Reader } from './protocol/reader.js';
import { Writer } from './protocol/writer.js';
import type { Timeouts } from './settings.js';
import { leadersOf } from './topic-leaders.js';

/** How long a broker may hold a fetch while nothing arrives; also how late a moved partition may be picked up. */
const MAX_WAIT_MS = 500;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_PARTITION_BYTES = 2 * 1024 * 1024;
/** How long the start offsets may take to be fixed. */
const START_TIMEOUT_MS = 15_000;

type Position = {
  readonly partition: number;
  /** The next offset to read. */
  offset: number;
  /** The broker it is read from; undefined while its leader has to be found again. */
  leader: number | undefined;
  /** Whether its last fetch was answered. */
  answered: boolean;
  /** The leader refused the offset: it is judged anew once there is a leader to ask. */
  outOfRange: boolean;
};

export interface TailDependencies extends Timeouts {
  /** Connections for this tail alone: it closes them. */
  cluster: Cluster;
  emit<K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]): void;
}

/**
 * Reads partitions without a group: to each leader one fetch is always under way, and the next one is sent before
 * the records of the last are handed on. A position moves only past records that were handed on.
 */
export class KafkajsTail implements Tail {
  private readonly positions = new Map<number, Position>();
  /** Leaders with a fetch under way. */
  private readonly polling = new Set<number>();
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff();
  private recovering = false;
  /** The last failure told: a broker that is down is told of once, not at each try. */
  private told: string | undefined;

  constructor(
    private readonly options: TailOptions,
    private readonly dependencies: TailDependencies,
  ) {}

  get reading(): boolean {
    if (this.stopping.signal.aborted) return false;
    for (const { leader, answered } of this.positions.values()) {
      if (leader === undefined || !answered) return false;
    }
    return true;
  }

  /** Fixes all start offsets, then begins to read. */
  async start(): Promise<void> {
    const until = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        await this.fixStart();
        break;
      } catch (error) {
        const isFinal = error instanceof DriverError && error.kind === 'permanent';
        if (isFinal || this.stopping.signal.aborted || performance.now() > until) throw error;
      }
      await pause(this.backoff.take(), this.stopping.signal);
    }
    this.backoff.reset();
    this.pollAll();
  }

  async close(): Promise<void> {
    this.stopping.abort();
    this.dependencies.cluster.close();
  }

  private async fixStart(): Promise<void> {
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

  /** All partitions of the topic; -1 for one without a leader. */
  private async findLeaders(): Promise<Map<number, number>> {
    const { topic } = this.options;
    const { topics } = await this.dependencies.cluster.metadata([topic]);
    const found = topics.filter(entry => entry.topic === topic).flatMap(leadersOf);
    return new Map(found.map(({ partition, leader }) => [partition, leader]));
  }

  private listOffset(partition: number, leader: number, which: LogEnd): Promise<number> {
    const { cluster, requestTimeoutMs } = this.dependencies;
    return listOffset(cluster, { topic: this.options.topic, partition, leader }, which, requestTimeoutMs);
  }

  /** Starts a fetch at each leader that has none under way, and looks for the leaders that are not known. */
  private pollAll(): void {
    if (this.stopping.signal.aborted) return;
    const leaders = new Set<number>();
    for (const { leader } of this.positions.values()) {
      if (leader === undefined) this.recover();
      else leaders.add(leader);
    }
    for (const leader of leaders) this.poll(leader);
  }

  private poll(leader: number): void {
    if (this.polling.has(leader) || this.stopping.signal.aborted) return;
    const { cluster } = this.dependencies;
    const link = cluster.linkNow(leader);
    this.polling.add(leader);
    if (link) return this.fetch(leader, link);
    cluster.link(leader).then(
      opened => this.fetch(leader, opened),
      (error: unknown) => this.lose(leader, error),
    );
  }

  /** One fetch of all that `leader` leads. Written to the socket before this returns. */
  private fetch(leader: number, link: BrokerLink): void {
    const positions = [...this.positions.values()].filter(position => position.leader === leader);
    if (positions.length === 0 || this.stopping.signal.aborted) {
      this.polling.delete(leader);
      return;
    }
    const { topic } = this.options;
    const request = fetchRequest(
      positions.map(({ partition, offset }) => ({ topic, partition, offset })),
      {
        maxWaitMs: MAX_WAIT_MS,
        minBytes: 1,
        maxBytes: MAX_BYTES,
        maxPartitionBytes: MAX_PARTITION_BYTES,
        isolation: 'read_uncommitted',
      },
    );
    const body = new Writer(link.headerBytes);
    request.write(body);
    const patienceMs = MAX_WAIT_MS + this.dependencies.requestTimeoutMs;
    link.dispatch(APIS.fetch, body.finish(), patienceMs, (error, payload) => {
      this.polling.delete(leader);
      if (this.stopping.signal.aborted) return;
      if (error) {
        if (error.code === 'REQUEST_TIMED_OUT') {
          this.dependencies.emit('stalled', { where: `tail of ${topic}`, forMs: patienceMs });
        }
        this.lose(leader, error);
        return;
      }
      try {
        const answer = request.read(new Reader(payload));
        if (answer.errorCode !== NO_ERROR) throw brokerError(answer.errorCode, `Fetching from ${topic}`);
        link.throttle(answer.throttleMs);
        this.take(leader, answer.partitions);
      } catch (cause) {
        this.lose(leader, cause);
      }
    });
  }

  private take(leader: number, fetched: readonly FetchedPartition[]): void {
    const readable: { part: FetchedPartition; headers: BatchHeader[]; from: number }[] = [];
    for (const part of fetched) {
      const position = this.positions.get(part.partition);
      if (!position || position.leader !== leader) continue;
      if (part.errorCode !== NO_ERROR) {
        this.misplace(position, part.errorCode);
        continue;
      }
      position.answered = true;
      const headers = part.records ? batchHeaders(part.records) : [];
      const last = headers.at(-1);
      if (!last) continue;
      readable.push({ part, headers, from: position.offset });
      position.offset = Math.max(position.offset, last.lastOffset + 1);
    }
    if (this.reading) {
      this.backoff.reset();
      this.told = undefined;
    }

    const pending: Promise<void>[] = [];
    const deliveries = readable.map(({ part, headers, from }) => {
      const { topic, partition, aborted } = part;
      const source = { topic, partition, aborted, from, bytes: part.records! };
      return { part, read: () => readBatches(source, headers, { decompress, onUnreadable: this.report }) };
    });
    const compressed = readable.some(({ headers }) => headers.some(({ attributes }) => attributes & 7));
    // Compressed records take turns of the loop to read: what follows waits, so that order holds.
    if (!compressed) this.pollAll();
    for (const { part, read } of deliveries) {
      const records = read();
      if (records instanceof Promise) pending.push(records.then(late => this.deliver(part, late)));
      else this.deliver(part, records);
    }
    if (compressed) void Promise.allSettled(pending).then(() => this.pollAll());
  }

  private deliver(part: FetchedPartition, records: readonly ReceivedRecord[]): void {
    if (records.length === 0 || this.stopping.signal.aborted) return;
    const { topic, partition, highWatermark } = part;
    try {
      this.options.onBatch({ topic, partition, epoch: 0, records, highWatermark });
    } catch (error) {
      this.report(error);
    }
  }

  /** A partition that its leader did not serve. */
  private misplace(position: Position, errorCode: number): void {
    position.answered = false;
    position.leader = undefined;
    position.outOfRange = errorCode === OFFSET_OUT_OF_RANGE;
    this.recover();
  }

  /** Everything that was read from `leader` is read elsewhere, or from there again, once it is found. */
  private lose(leader: number, error: unknown): void {
    this.polling.delete(leader);
    if (this.stopping.signal.aborted) return;
    for (const position of this.positions.values()) {
      if (position.leader !== leader) continue;
      position.leader = undefined;
      position.answered = false;
    }
    this.reportOnce(error);
    this.recover();
  }

  /** Finds leaders until every partition has one. */
  private recover(): void {
    if (this.recovering) return;
    this.recovering = true;
    const run = async () => {
      while (!this.stopping.signal.aborted && this.lost().length > 0) {
        await pause(this.backoff.take(), this.stopping.signal);
        await this.findLost().catch(this.reportOnce);
        this.pollAll();
      }
    };
    void run().finally(() => {
      this.recovering = false;
      if (!this.stopping.signal.aborted && this.lost().length > 0) this.recover();
    });
  }

  private lost(): Position[] {
    return [...this.positions.values()].filter(({ leader }) => leader === undefined);
  }

  private async findLost(): Promise<void> {
    const leaders = await this.findLeaders();
    for (const position of this.lost()) {
      const leader = leaders.get(position.partition);
      if (leader === undefined || leader < 0) continue;
      if (position.outOfRange) await this.resumeInRange(position, leader);
      position.leader = leader;
    }
  }

  /** Goes on at the log's start when retention overtook the reader, at its end when the log is shorter than it was. */
  private async resumeInRange(position: Position, leader: number): Promise<void> {
    const { topic } = this.options;
    const { partition } = position;
    const expected = position.offset;
    const end = await this.listOffset(partition, leader, LATEST);
    const start = await this.listOffset(partition, leader, EARLIEST);
    const resumedAt = expected > end ? end : Math.max(expected, start);
    if (this.stopping.signal.aborted) return;
    position.outOfRange = false;
    position.offset = resumedAt;
    if (resumedAt === expected) return; // the leader was behind for a moment
    try {
      this.options.onGap({ topic, partition, expected, resumedAt });
    } catch (error) {
      this.report(error);
    }
  }

  private readonly reportOnce = (error: unknown): void => {
    const message = messageOf(error);
    if (message === this.told) return;
    this.told = message;
    this.report(error);
  };

  private readonly report = (error: unknown): void => {
    if (this.stopping.signal.aborted) return;
    const told = error instanceof Error ? error : new Error(messageOf(error));
    this.dependencies.emit('error', { error: told, where: `tail of ${this.options.topic}` });
  };
}
