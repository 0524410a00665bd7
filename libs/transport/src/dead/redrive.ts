import { setTimeout as delay } from 'node:timers/promises';
import type { Assignment, Driver, ReceivedBatch, ReceivedRecord, Subscription } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Sender } from '../link/sender.js';
import type { Routing } from '../routing/routing.js';
import type { Status } from '../wire/status.js';
import type { DeadTopic } from './dead-topics.js';
import { keptLetter, letterId, type KeptLetter } from './letter.js';
import { Outbox } from './outbox.js';
import { Pace } from './pace.js';
import { Progress } from './progress.js';
import { SILENCE_MS, silent } from './scan.js';
import { summaryOf } from './summary.js';
import { Tally, type RedriveEnd, type RedriveReport, type Verdicts } from './tally.js';

/** How often progress is committed, in ms: what was redriven since is redriven again after a crash. */
const COMMIT_EVERY_MS = 500;
/** Records that wait to be looked at: beyond it partitions pause, from half of it on they go on. */
const MOST_WAITING = 1000;
/** How long what is under way may hold up a partition that another redrive is to have, in ms. */
const REVOCATION_WAIT_MS = 4000;

export interface RedriveRun extends Verdicts {
  driver: Driver;
  sender: Sender;
  /** The group whose commits are the progress. Its members share the partitions: no letter is with two at a time. */
  group: string;
  service: string;
  names: Routing;
  topics: readonly DeadTopic[];
  /** Letters to redrive at most. Default: all. */
  limit?: number;
  /** Letters a second at most. Default: as fast as they go. */
  perSecond?: number;
  signal?: AbortSignal;
  onProgress?: (report: RedriveReport) => void;
}

/** One partition that this run has. */
interface Share extends Assignment {
  /** The log's end when the run began. */
  to: number;
  /** The offset after the last record taken in. */
  next: number;
  done: Progress;
  /** What is done once everything under way is. */
  planned: Progress;
  failed: number;
  /** The next offset and metadata that were committed last, as text. */
  known: string;
}

/** Redrives letters, in the order of each partition, until the end that the logs had at its start. */
export class Redrive {
  private readonly tally: Tally;
  private readonly pace: Pace;
  private readonly outbox: Outbox;
  private readonly shares = new Map<string, Share>();
  private waiting: { share: Share; record: ReceivedRecord }[] = [];
  private subscription: Subscription | undefined;
  private paused = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(private readonly run: RedriveRun) {
    this.tally = new Tally(run, false);
    this.pace = new Pace(run.perSecond);
    this.outbox = new Outbox(run.driver, run.sender);
  }

  /**
   * Resolves with what became of the letters. Rejects UNAVAILABLE where Kafka does not answer, and RESOURCE_EXHAUSTED
   * where the progress would outgrow a commit; what was redriven until then is committed as far as that goes.
   */
  async whole(): Promise<RedriveReport> {
    const { driver, group, topics } = this.run;
    this.subscription = await driver.subscribe({
      group,
      topics: topics.map(({ topic }) => topic),
      from: 'earliest',
      onBatch: batch => this.take(batch),
      onAssigned: assignments => this.assign(assignments),
      onRevoked: assignments => this.revoke(assignments),
    });
    const timer = setInterval(() => void this.commit().catch(() => undefined), COMMIT_EVERY_MS);
    try {
      this.tally.report.ended = await this.redriveAll();
    } catch (error) {
      this.failure ??= error as Error;
    } finally {
      clearInterval(timer);
      await this.outbox.settled();
      await this.commit().catch((error: Error) => (this.failure ??= uncommitted(error)));
      await this.subscription.close();
    }
    if (this.failure) throw this.failure;
    return this.tally.report;
  }

  private async redriveAll(): Promise<RedriveEnd> {
    const { signal, limit = Infinity, onProgress } = this.run;
    for (let sent = 0; ;) {
      if (this.failure) throw this.failure;
      if (signal?.aborted) return 'interrupted';
      const next = this.waiting.shift();
      this.relieve();
      if (!next) {
        if (this.atEnd()) return this.hasAll() ? 'end' : 'shared';
        if (!(await this.woken())) {
          if (this.shares.size === 0) return 'shared';
          throw this.silence();
        }
        continue;
      }
      const letter = this.judge(next);
      if (!letter) continue;
      if (sent >= limit) return 'limit';
      try {
        await this.pace.turn(signal);
        await this.outbox.room(signal);
      } catch {
        return 'interrupted';
      }
      if (this.shares.get(keyOf(next.share)) !== next.share) continue; // another redrive has it now
      sent += 1;
      await this.send(next.share, letter);
      onProgress?.(this.tally.report);
    }
  }

  private judge({ share, record }: { share: Share; record: ReceivedRecord }): KeptLetter | undefined {
    if (this.shares.get(keyOf(share)) !== share) return undefined;
    const letter = keptLetter(record, this.run.service, this.run.names);
    return this.tally.judge(letter, share.done.isDone(record.offset)) ? letter : undefined;
  }

  private async send(share: Share, letter: KeptLetter): Promise<void> {
    const { offset } = letter.place;
    share.planned.finish(offset);
    if (!share.planned.fits(share.failed)) throw outgrown(letter);
    await this.outbox.send(
      letter,
      () => {
        share.done.finish(offset);
        this.tally.redriven(summaryOf(letter, true));
      },
      status => this.fail(share, letter, status),
    );
  }

  /** A letter that its topic does not take stays; where no broker takes anything, the run ends. */
  private fail(share: Share, letter: KeptLetter, status: Status): void {
    share.failed += 1;
    this.tally.failed(letter.place, status);
    if (status.code === 'UNAVAILABLE') this.failure ??= ParleyException.of(status);
    this.wake?.();
  }

  private assign(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) {
      const extent = this.run.topics
        .find(({ topic }) => topic === assignment.topic)
        ?.extents.find(({ partition }) => partition === assignment.partition);
      // A partition that came since holds no letter of before.
      const { start, end } = extent ?? { start: 0, end: 0 };
      const done = new Progress(start, assignment.committed);
      const planned = new Progress(start, assignment.committed);
      const next = Math.max(start, assignment.committed?.offset ?? start);
      this.shares.set(keyOf(assignment), {
        ...assignment,
        to: end,
        next,
        done,
        planned,
        failed: 0,
        known: JSON.stringify(done.standing()),
      });
    }
    if (this.paused) this.subscription?.pause(assignments);
    this.wake?.();
  }

  private async revoke(assignments: readonly Assignment[]): Promise<void> {
    const gone = new Set(assignments.map(keyOf));
    this.waiting = this.waiting.filter(({ share }) => !gone.has(keyOf(share)));
    await Promise.race([this.outbox.settled(), delay(REVOCATION_WAIT_MS, undefined, { ref: false })]);
    await this.commit().catch(() => undefined);
    for (const { topic, partition, epoch } of assignments) {
      const key = keyOf({ topic, partition });
      if (this.shares.get(key)?.epoch === epoch) this.shares.delete(key);
    }
    this.wake?.();
  }

  private take({ topic, partition, epoch, records }: ReceivedBatch): void {
    const share = this.shares.get(keyOf({ topic, partition }));
    if (share?.epoch !== epoch) return;
    for (const record of records) {
      if (record.offset < share.next) continue;
      share.next = record.offset + 1;
      if (record.offset < share.to) this.waiting.push({ share, record });
    }
    if (!this.paused && this.waiting.length >= MOST_WAITING) {
      this.paused = true;
      this.subscription?.pause([...this.shares.values()]);
    }
    this.wake?.();
  }

  private relieve(): void {
    if (!this.paused || this.waiting.length > MOST_WAITING / 2) return;
    this.paused = false;
    this.subscription?.resume([...this.shares.values()]);
  }

  private atEnd(): boolean {
    return this.shares.size > 0 && [...this.shares.values()].every(({ next, to }) => next >= to);
  }

  /** Whether every partition that had letters is this run's. */
  private hasAll(): boolean {
    return this.run.topics.every(({ topic, extents }) =>
      extents.every(
        ({ partition, start, end }) => start === end || this.shares.has(keyOf({ topic, partition })),
      ),
    );
  }

  /** True when something came up, false after a while of silence. */
  private async woken(): Promise<boolean> {
    const { signal } = this.run;
    return new Promise<boolean>(resolve => {
      const end = (byEvent: boolean) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onEvent);
        this.wake = undefined;
        resolve(byEvent);
      };
      const onEvent = () => end(true);
      const timer = setTimeout(() => end(false), SILENCE_MS);
      signal?.addEventListener('abort', onEvent);
      this.wake = onEvent;
    });
  }

  private silence(): ParleyException {
    const open = [...this.shares.values()].find(({ next, to }) => next < to);
    const { topic = '', partition = 0, next: from = 0, to = 0 } = open ?? {};
    return silent({ topic, partition, from, to });
  }

  private async commit(): Promise<void> {
    const owing = [...this.shares.values()].flatMap(share => {
      const standing = share.done.standing();
      const text = JSON.stringify(standing);
      return text === share.known ? [] : [{ share, standing, text }];
    });
    if (owing.length === 0) return;
    await this.subscription?.commit(
      owing.map(({ share: { topic, partition, epoch }, standing }) => ({
        topic,
        partition,
        epoch,
        ...standing,
      })),
    );
    for (const { share, text } of owing) share.known = text;
  }
}

function outgrown({ place }: KeptLetter): ParleyException {
  return new ParleyException(
    'RESOURCE_EXHAUSTED',
    `too many stretches of ${place.topic}-${place.partition} are left out before ${letterId(place)} for a commit to tell them: redrive some of what is before it first`,
  );
}

function uncommitted(cause: Error): ParleyException {
  return new ParleyException(
    'UNAVAILABLE',
    `the progress of the last moment could not be committed, the next redrive begins before it: ${cause.message}`,
  );
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}
