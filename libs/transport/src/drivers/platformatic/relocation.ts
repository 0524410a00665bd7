import { Backoff } from '../timing/backoff.js';
import { pause } from '../timing/deadline.js';
import { leadersOf } from '../cluster/topic-leaders.js';
import type { Cluster } from './cluster.js';
import { listOffset } from './log-ends.js';
import { keyOf, LOG_START } from './position.js';
import type { Position } from './position.js';

/** Records that were never seen: from `expected` to `resumedAt`, or none where the log is shorter than it was. */
export interface Gap {
  position: Position;
  expected: number;
  resumedAt: number;
}

export interface RelocationOptions {
  cluster: Cluster;
  requestTimeoutMs: number;
  /** Where to go on when a position lies past its log's end. */
  pastEnd: 'start' | 'end';
  lost: () => Position[];
  onFound: () => void;
  onGap: (gap: Gap) => void;
  report: (error: unknown) => void;
}

/** Finds the leaders of positions that have none, and offsets within the log for those that were out of range. */
export class Relocation {
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff();
  private running = false;

  constructor(private readonly options: RelocationOptions) {}

  /** Goes on until every position has a leader. */
  begin(): void {
    if (this.running || this.stopping.signal.aborted) return;
    this.running = true;
    void this.run().finally(() => {
      this.running = false;
      if (this.options.lost().length > 0) this.begin();
    });
  }

  /** All is read again: the next try after a failure is soon. */
  settled(): void {
    this.backoff.reset();
  }

  close(): void {
    this.stopping.abort();
  }

  private async run(): Promise<void> {
    const { lost, onFound, report } = this.options;
    const { signal } = this.stopping;
    for (let tries = 0; lost().length > 0 && !signal.aborted; tries++) {
      const areNew = tries === 0 && lost().every(({ offset }) => offset === LOG_START);
      if (!areNew) await pause(this.backoff.take(), signal);
      if (signal.aborted) return;
      await this.find().catch(report);
      onFound();
    }
  }

  private async find(): Promise<void> {
    const lost = this.options.lost();
    const { topics } = await this.options.cluster.metadata([...new Set(lost.map(({ topic }) => topic))]);
    const leaders = new Map(
      topics.flatMap(answer =>
        leadersOf(answer).map(entry => [keyOf({ topic: answer.topic, ...entry }), entry.leader]),
      ),
    );
    const placed = lost.map(async position => {
      const leader = leaders.get(keyOf(position));
      if (leader === undefined || leader < 0) return;
      if (position.outOfRange) await this.resumeInRange(position, leader);
      position.leader = leader;
    });
    for (const result of await Promise.allSettled(placed)) {
      if (result.status === 'rejected') this.options.report(result.reason);
    }
  }

  private async resumeInRange(position: Position, leader: number): Promise<void> {
    const { cluster, requestTimeoutMs, pastEnd } = this.options;
    const { topic, partition, offset: expected } = position;
    const ask = (which: 'earliest' | 'latest') =>
      listOffset(cluster, { topic, partition, leader }, which, requestTimeoutMs);
    const [start, end] = [await ask('earliest'), await ask('latest')];
    position.outOfRange = false;
    position.offset = expected > end ? (pastEnd === 'end' ? end : start) : Math.max(expected, start);
    if (expected === LOG_START || position.offset === expected) return; // its leader was behind for a moment
    this.options.onGap({ position, expected, resumedAt: position.offset });
  }
}
