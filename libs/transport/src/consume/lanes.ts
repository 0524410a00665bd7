import { Condition } from '../drivers/timing/condition.js';
import { FairQueue } from './fair-queue.js';

/**
 * Waits for something else than a slot: others have the slot meanwhile, and the lane stays held. Settles as `awaited`
 * does, once there is a slot again. One at a time for each work.
 */
export type Park = <T>(awaited: Promise<T>) => Promise<T>;

/** For what has no slot to lend. */
export const justWait: Park = awaited => awaited;

/** One record's work: runs once, and frees its lane and slot when the promise settles. */
export interface Work {
  /** Records of one lane run one after another; without a lane no order is owed. */
  lane: string | undefined;
  /** Where it comes from: where slots are short, sources take turns. */
  source?: string;
  run(park: Park): Promise<void>;
}

/** Runs work side by side up to `concurrency`, that of one lane in order. */
export class Lanes {
  private readonly waiting = new FairQueue<Work>();
  /** Lanes with work that runs, and what waits behind it. */
  private readonly busy = new Map<string, Work[]>();
  private behindLanes = 0;
  private runningCount = 0;
  private parked = 0;
  /** Parked work that could go on: it comes before what waits. */
  private readonly returning: (() => void)[] = [];
  private readonly emptied = new Condition();
  private stopped = false;

  constructor(private readonly concurrency: number) {}

  get running(): number {
    return this.runningCount;
  }

  /** Nothing waits for a slot; what waits for its lane, or is parked, may be there. */
  get idle(): boolean {
    return this.waiting.size === 0;
  }

  /** Work that was added and has not finished. */
  get load(): number {
    return this.runningCount + this.parked + this.waiting.size + this.behindLanes;
  }

  add(work: Work): void {
    if (this.stopped) return;
    const behind = work.lane === undefined ? undefined : this.busy.get(work.lane);
    if (behind) {
      behind.push(work);
      this.behindLanes += 1;
      return;
    }
    if (work.lane !== undefined) this.busy.set(work.lane, []);
    if (this.runningCount < this.concurrency) this.start(work);
    else this.waiting.push(work.source ?? '', work);
  }

  /** Starts nothing more and forgets what has not begun; what is parked goes on when there is a slot. Resolves once nothing runs, or after `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    this.stopped = true;
    this.waiting.clear();
    this.behindLanes = 0;
    this.busy.clear();
    if (!this.isEmpty) await this.emptied.wait(timeoutMs);
  }

  private get isEmpty(): boolean {
    return this.runningCount + this.parked === 0;
  }

  private start(work: Work): void {
    this.runningCount += 1;
    const finished = () => this.finished(work);
    work.run(this.park).then(finished, finished);
  }

  private readonly park: Park = async awaited => {
    this.runningCount -= 1;
    this.parked += 1;
    this.fill();
    try {
      return await awaited;
    } finally {
      if (this.runningCount < this.concurrency) this.regain();
      else await new Promise<void>(goOn => this.returning.push(goOn));
    }
  };

  private regain(goOn?: () => void): void {
    this.parked -= 1;
    this.runningCount += 1;
    goOn?.();
  }

  private finished(work: Work): void {
    this.runningCount -= 1;
    if (work.lane !== undefined) this.advance(work.lane);
    this.fill();
    if (this.stopped && this.isEmpty) this.emptied.signal();
  }

  private fill(): void {
    while (this.runningCount < this.concurrency) {
      const goOn = this.returning.shift();
      if (goOn) {
        this.regain(goOn);
        continue;
      }
      const next = this.waiting.shift();
      if (!next) return;
      this.start(next);
    }
  }

  /** The lane's next work queues for a slot behind what waits already: no lane starves the others. */
  private advance(lane: string): void {
    const behind = this.busy.get(lane);
    const next = behind?.shift();
    if (!next) {
      this.busy.delete(lane);
      return;
    }
    this.behindLanes -= 1;
    this.waiting.push(next.source ?? '', next);
  }
}
