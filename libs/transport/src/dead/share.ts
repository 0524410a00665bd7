import type { Assignment, CommitOffset, LogExtent } from '../drivers/driver.js';
import { Progress } from './progress.js';

/** One partition of a dead letter topic that a redrive has, and how far it is with it. */
export class Share {
  readonly topic: string;
  readonly partition: number;
  /** Another redrive has it, or is about to. */
  givenUp = false;
  private readonly done: Progress;
  /** What is done once everything under way is. */
  private readonly planned: Progress;
  /** Where the log ended when the run began. */
  private readonly to: number;
  private failures = 0;
  private next: number;
  /** What was committed last, as text. */
  private known: string;

  constructor(
    private readonly assignment: Assignment,
    /** Absent for a partition that came after the run began: it holds no letter of before. */
    extent?: LogExtent,
  ) {
    const { topic, partition, committed } = assignment;
    const { start, end } = extent ?? { start: 0, end: 0 };
    this.topic = topic;
    this.partition = partition;
    this.to = end;
    this.done = new Progress(start, committed);
    this.planned = new Progress(start, committed);
    this.next = Math.max(start, committed?.offset ?? start);
    this.known = JSON.stringify(this.done.standing());
  }

  get epoch(): number {
    return this.assignment.epoch;
  }

  /** True once everything has been read that was there when the run began. */
  get isRead(): boolean {
    return this.next >= this.to;
  }

  /** What has not been read, for people. */
  get unread(): { topic: string; partition: number; from: number; to: number } {
    return { topic: this.topic, partition: this.partition, from: this.next, to: this.to };
  }

  /** Notes that an offset was read. False where the run has nothing to do with it. */
  read(offset: number): boolean {
    if (offset < this.next) return false;
    this.next = offset + 1;
    return offset < this.to;
  }

  wasDone(offset: number): boolean {
    return this.done.isDone(offset);
  }

  /** Notes that a letter is about to be redriven. False where a commit could not tell that it was. */
  plan(offset: number): boolean {
    this.planned.finish(offset);
    return this.planned.fits(this.failures);
  }

  finish(offset: number): void {
    this.done.finish(offset);
  }

  /** Notes that a planned letter stays. */
  fail(): void {
    this.failures += 1;
  }

  /** What there is to commit; undefined where that is committed already. */
  owing(): CommitOffset | undefined {
    const standing = this.done.standing();
    if (JSON.stringify(standing) === this.known) return undefined;
    const { topic, partition, epoch } = this;
    return { topic, partition, epoch, ...standing };
  }

  committed({ offset, metadata }: CommitOffset): void {
    this.known = JSON.stringify({ offset, metadata });
  }
}
