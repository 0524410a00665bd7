import type { CommitOffset, ReceivedRecord } from '../drivers/driver.js';
import { causeOf } from '../consume/dead-letter.js';
import type { ReplayReport } from './replay-options.js';
import type { Stretch } from './stretches.js';

/** Failures that a report names; it counts all. */
const NAMED_FAILURES = 100;

/** What becomes of a replay while it runs. */
export class ReplayTally {
  readonly report: ReplayReport;
  private readonly next: Record<number, number>;

  constructor(topic: string, stretches: readonly Stretch[]) {
    this.next = Object.fromEntries(stretches.map(({ partition, from }) => [partition, from]));
    const partitions = stretches.map(stretch => ({ ...stretch }));
    const counts = { handled: 0, failed: 0, skipped: 0 };
    this.report = { topic, ended: 'interrupted', ...counts, failures: [], partitions, next: this.next };
  }

  failed(record: ReceivedRecord, handler: string | undefined, attempts: number, cause: unknown): void {
    this.report.failed += 1;
    if (this.report.failures.length >= NAMED_FAILURES) return;
    const { partition, offset } = record;
    const { name, message } = causeOf(cause);
    const by = handler === undefined ? {} : { handler };
    this.report.failures.push({ partition, offset, ...by, attempts, cause: { name, message } });
  }

  /** Some of a partition was deleted before it was read. */
  lost(partition: number): void {
    for (const entry of this.report.partitions) if (entry.partition === partition) entry.truncated = true;
  }

  /** All before these offsets is settled. */
  done(offsets: readonly CommitOffset[]): void {
    for (const { partition, offset } of offsets) this.next[partition] = offset;
  }

  /** All that was asked for is settled. */
  ended(): void {
    this.report.ended = 'end';
    for (const { partition, to } of this.report.partitions) this.next[partition] = to;
  }
}
