/** One record's work: runs once, and frees its lane and slot when the promise settles. */
export interface Work {
  /** Records of one lane run one after another; without a lane no order is owed. */
  lane: string | undefined;
  run(): Promise<void>;
}

/** Runs work side by side up to `concurrency`, that of one lane in order. */
export class Lanes {
  private readonly waiting: Work[] = [];
  private head = 0;
  /** Lanes with work that runs, and what waits behind it. */
  private readonly busy = new Map<string, Work[]>();
  private behindLanes = 0;
  private runningCount = 0;
  private idleWaiters: (() => void)[] = [];
  private stopped = false;

  /** `onChange` is told after work was finished. */
  constructor(
    private readonly concurrency: number,
    private readonly onChange: () => void = () => undefined,
  ) {}

  get running(): number {
    return this.runningCount;
  }

  /** Work that was added and has not finished. */
  get load(): number {
    return this.runningCount + this.waiting.length - this.head + this.behindLanes;
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
    else this.waiting.push(work);
  }

  /** Starts nothing more and forgets what has not begun. Resolves once nothing runs, or after `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    this.stopped = true;
    this.waiting.length = 0;
    this.head = 0;
    this.behindLanes = 0;
    this.busy.clear();
    if (this.runningCount === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timeoutMs);
      this.idleWaiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private start(work: Work): void {
    this.runningCount += 1;
    const finished = () => this.finished(work);
    work.run().then(finished, finished);
  }

  private finished(work: Work): void {
    this.runningCount -= 1;
    if (this.stopped) {
      if (this.runningCount === 0) for (const idle of this.idleWaiters.splice(0)) idle();
      return;
    }
    if (work.lane !== undefined) this.advance(work.lane);
    while (this.runningCount < this.concurrency && this.head < this.waiting.length) {
      const next = this.waiting[this.head]!;
      this.head += 1;
      this.start(next);
    }
    if (this.head === this.waiting.length || this.head > 4096) {
      this.waiting.splice(0, this.head);
      this.head = 0;
    }
    this.onChange();
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
    this.waiting.push(next);
  }
}
