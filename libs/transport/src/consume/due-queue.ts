/** The longest that a timer of Node's can wait, in ms. */
const MAX_TIMER_MS = 2_147_483_647;

interface Entry {
  dueAt: number;
  release: () => void;
}

/** What is not due yet, of one partition: released in the order it was added, each when it and all before it are due. */
export class DueQueue {
  private readonly waiting: Entry[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** `onEmpty` is told when the last was released. */
  constructor(private readonly onEmpty: () => void) {}

  get size(): number {
    return this.waiting.length;
  }

  /** `dueAt` in ms since the epoch. What is due at once, with nothing before it, is released within the call. */
  add(dueAt: number, release: () => void): void {
    if (this.waiting.length === 0 && dueAt <= Date.now()) return release();
    this.waiting.push({ dueAt, release });
    this.timer ??= this.start();
  }

  /** Releases nothing more. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.length = 0;
  }

  private start(): NodeJS.Timeout {
    const waitMs = Math.max(0, this.waiting[0]!.dueAt - Date.now());
    return setTimeout(() => this.releaseDue(), Math.min(waitMs, MAX_TIMER_MS));
  }

  private releaseDue(): void {
    this.timer = undefined;
    const now = Date.now();
    const early = this.waiting.findIndex(({ dueAt }) => dueAt > now);
    const due = this.waiting.splice(0, early < 0 ? this.waiting.length : early);
    for (const { release } of due) release();
    if (this.waiting.length > 0) this.timer ??= this.start();
    else if (due.length > 0) this.onEmpty();
  }
}
