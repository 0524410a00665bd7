import type { Status } from '../wire/status.js';

/** How long items that are missing in a reply are waited for, while others after them have come, in ms. */
export const GAP_TIMEOUT_MS = 5000;

export interface ReplyTimersOptions {
  pattern: string;
  timeoutMs: number;
  idleTimeoutMs?: number | undefined;
  totalTimeoutMs?: number | undefined;
}

/**
 * What a call may wait for: its answer or first item, then the next item and the end where that is limited, and
 * items that are missing.
 */
export class ReplyTimers {
  private first: NodeJS.Timeout | undefined;
  private firstEndsAt = 0;
  private idle: NodeJS.Timeout | undefined;
  private total: NodeJS.Timeout | undefined;
  private gap: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: ReplyTimersOptions,
    private readonly expire: (status: Status) => void,
  ) {
    this.restart();
    const { totalTimeoutMs } = options;
    if (totalTimeoutMs !== undefined) this.total = this.limit('end of the reply to', totalTimeoutMs);
  }

  /** What is left for the first item, in ms. */
  get remainingMs(): number {
    return Math.max(1, Math.ceil(this.firstEndsAt - performance.now()));
  }

  /** Waits for a first item anew: returns for how long, in ms. */
  restart(): number {
    const { timeoutMs } = this.options;
    clearTimeout(this.first);
    clearTimeout(this.idle);
    this.idle = undefined;
    this.first = this.limit('answer to', timeoutMs);
    this.firstEndsAt = performance.now() + timeoutMs;
    return timeoutMs;
  }

  /** The answer cannot come yet: its time runs again from `restart` on. */
  rest(): void {
    clearTimeout(this.first);
  }

  /** A stream has begun or goes on: from here on only what was asked for limits it. */
  itemCame(): void {
    if (this.first) {
      clearTimeout(this.first);
      this.first = undefined;
    }
    const { idleTimeoutMs } = this.options;
    if (idleTimeoutMs === undefined) return;
    if (this.idle) this.idle.refresh();
    else this.idle = this.limit('further item of the reply to', idleTimeoutMs);
  }

  gapOpened(onTooLong: () => void): void {
    this.gap ??= setTimeout(onTooLong, GAP_TIMEOUT_MS);
  }

  gapClosed(): void {
    if (!this.gap) return;
    clearTimeout(this.gap);
    this.gap = undefined;
  }

  clear(): void {
    for (const timer of [this.first, this.idle, this.total, this.gap]) if (timer) clearTimeout(timer);
  }

  private limit(what: string, afterMs: number): NodeJS.Timeout {
    const { pattern } = this.options;
    return setTimeout(
      () => this.expire({ code: 'DEADLINE_EXCEEDED', message: `no ${what} ${pattern} within ${afterMs} ms` }),
      afterMs,
    );
  }
}
