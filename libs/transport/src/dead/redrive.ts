import { setTimeout as delay } from 'node:timers/promises';
import type { Assignment, Driver, ReceivedBatch, ReceivedRecord, Subscription } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Sender } from '../link/sender.js';
import type { EventTopicShape } from '../link/topics.js';
import type { Routing } from '../routing/routing.js';
import type { Status } from '../wire/status.js';
import type { DeadTopic } from './dead-topics.js';
import { Intake } from './intake.js';
import { keptLetter, type KeptLetter } from './letter.js';
import { Outbox } from './outbox.js';
import { Pace } from './pace.js';
import { outgrown, uncommitted, unjoined } from './redrive-errors.js';
import { SILENCE_MS, silent } from './scan.js';
import { Share } from './share.js';
import { summaryOf } from './summary.js';
import { Tally, type RedriveEnd, type RedriveReport, type Verdicts } from './tally.js';

/** How often progress is committed, in ms: what was redriven since is redriven again after a crash. */
const COMMIT_EVERY_MS = 500;
/** How long the group may take to give this run a partition, in ms: a redrive that was killed holds them for a while. */
const JOIN_WITHIN_MS = 30_000;
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
  /** For every handler of the event in the service, in place of the one that gave it up. */
  everyHandler: boolean;
  /** How events are sent. */
  events: EventTopicShape;
  /** Letters to redrive at most. Default: all. */
  limit?: number;
  /** Letters a second at most. Default: as fast as they go. */
  perSecond?: number;
  signal?: AbortSignal;
  onProgress?: (report: RedriveReport) => void;
}

/** Redrives letters, in the order of each partition, until the end that the logs had at its start. */
export class Redrive {
  private readonly tally: Tally;
  private readonly pace: Pace;
  private readonly outbox: Outbox;
  private readonly shares = new Map<string, Share>();
  private readonly intake = new Intake<Share>();
  private subscription: Subscription | undefined;
  private paused = false;
  private everAssigned = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(private readonly run: RedriveRun) {
    this.tally = new Tally(run, false);
    this.pace = new Pace(run.perSecond);
    this.outbox = new Outbox(run.driver, run.sender, run);
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
    // Records may have come before there was anything to pause.
    if (this.paused) this.subscription.pause([...this.shares.values()]);
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
    let sent = 0;
    while (!this.failure) {
      if (signal?.aborted) return 'interrupted';
      const next = this.intake.next();
      this.relieve();
      if (!next) {
        if (this.atEnd()) return this.hasAll() ? 'end' : 'shared';
        const idle = this.shares.size === 0;
        if (await this.woken(idle ? JOIN_WITHIN_MS : SILENCE_MS)) continue;
        if (idle && this.everAssigned) return 'shared';
        throw idle ? unjoined(this.run.group, JOIN_WITHIN_MS) : this.silence();
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
      if (next.share.givenUp) continue;
      sent += 1;
      await this.send(next.share, letter);
      onProgress?.(this.tally.report);
    }
    throw this.failure;
  }

  private judge({ share, record }: { share: Share; record: ReceivedRecord }): KeptLetter | undefined {
    if (share.givenUp) return undefined;
    const letter = keptLetter(record, this.run.service, this.run.names);
    return this.tally.judge(letter, share.wasDone(record.offset)) ? letter : undefined;
  }

  private async send(share: Share, letter: KeptLetter): Promise<void> {
    const { offset } = letter.place;
    if (!share.plan(offset)) throw outgrown(letter.place);
    await this.outbox.send(
      letter,
      () => {
        share.finish(offset);
        this.tally.redriven(summaryOf(letter, true));
      },
      status => this.fail(share, letter, status),
    );
  }

  /** A letter that its topic does not take stays; where no broker takes anything, the run ends. */
  private fail(share: Share, letter: KeptLetter, status: Status): void {
    share.fail();
    this.tally.failed(letter.place, status);
    if (status.code === 'UNAVAILABLE') this.failure ??= ParleyException.of(status);
    this.wake?.();
  }

  private assign(assignments: readonly Assignment[]): void {
    this.everAssigned = true;
    for (const assignment of assignments) {
      const extent = this.run.topics
        .find(({ topic }) => topic === assignment.topic)
        ?.extents.find(({ partition }) => partition === assignment.partition);
      this.shares.set(keyOf(assignment), new Share(assignment, extent));
    }
    if (this.paused) this.subscription?.pause(assignments);
    this.wake?.();
  }

  private async revoke(assignments: readonly Assignment[]): Promise<void> {
    const gone = assignments.flatMap(assignment => {
      const share = this.shares.get(keyOf(assignment));
      return share?.epoch === assignment.epoch ? [share] : [];
    });
    for (const share of gone) share.givenUp = true;
    await Promise.race([this.outbox.settled(), delay(REVOCATION_WAIT_MS, undefined, { ref: false })]);
    await this.commit().catch(() => undefined); // what is not committed is the next owner's to redrive
    for (const share of gone) if (this.shares.get(keyOf(share)) === share) this.shares.delete(keyOf(share));
    this.wake?.();
  }

  private take({ topic, partition, epoch, records }: ReceivedBatch): void {
    const share = this.shares.get(keyOf({ topic, partition }));
    if (share?.epoch !== epoch) return;
    for (const record of records) if (share.read(record.offset)) this.intake.add(share, record);
    if (!this.paused && this.intake.isFull) {
      this.paused = true;
      this.subscription?.pause([...this.shares.values()]);
    }
    this.wake?.();
  }

  private relieve(): void {
    if (!this.paused || !this.intake.hasRoom) return;
    this.paused = false;
    this.subscription?.resume([...this.shares.values()]);
  }

  private atEnd(): boolean {
    return this.shares.size > 0 && [...this.shares.values()].every(({ isRead }) => isRead);
  }

  /** Whether every partition that had letters is this run's. */
  private hasAll(): boolean {
    return this.run.topics.every(({ topic, extents }) =>
      extents.every(
        ({ partition, start, end }) => start === end || this.shares.has(keyOf({ topic, partition })),
      ),
    );
  }

  /** True when something came up, false where nothing does in time. */
  private woken(withinMs: number): Promise<boolean> {
    const { signal } = this.run;
    return new Promise<boolean>(resolve => {
      const end = (byEvent: boolean) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onEvent);
        this.wake = undefined;
        resolve(byEvent);
      };
      const onEvent = () => end(true);
      const timer = setTimeout(() => end(false), withinMs);
      signal?.addEventListener('abort', onEvent);
      this.wake = onEvent;
    });
  }

  private silence(): ParleyException {
    const [open] = [...this.shares.values()].filter(({ isRead }) => !isRead);
    return silent(open!.unread);
  }

  private async commit(): Promise<void> {
    const owing = [...this.shares.values()].flatMap(share => {
      const offset = share.owing();
      return offset ? [{ share, offset }] : [];
    });
    if (owing.length === 0) return;
    await this.subscription?.commit(owing.map(({ offset }) => offset));
    for (const { share, offset } of owing) share.committed(offset);
  }
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}
