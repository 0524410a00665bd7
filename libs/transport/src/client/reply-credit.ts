import { FIRST_SHARE_BYTES, FULL_SHARE_BYTES, type ReceiveBudget } from '../link/receive-budget.js';

/** What a call is ready for: items from the start of the call, bytes from the start of the execution. */
export class ReplyCredit {
  /** Items granted so far. */
  items: number;
  /** Bytes granted so far. */
  bytes: number;
  private taken = 0;
  private takenBytes = 0;
  private share: number;
  /** Bytes of large items that are being put together: granted besides. */
  private large = 0;

  constructor(
    /** Items that may be on their way at a time. */
    private readonly window: number,
    private readonly budget: ReceiveBudget,
  ) {
    this.share = budget.exchange(0, FIRST_SHARE_BYTES);
    this.items = window;
    this.bytes = this.share;
  }

  /** Half of what was granted is used up: granted in such steps, credit costs little and no server waits for it. */
  get low(): boolean {
    return (
      this.items - this.taken <= this.window / 2 ||
      this.bytes - this.takenBytes - this.large <= this.share / 2
    );
  }

  take(bytes: number): void {
    this.taken += 1;
    this.takenBytes += bytes;
  }

  /** Grants anew, counted from what has been taken. A reply of which something has been taken is a long one. */
  renew(): void {
    this.share = this.budget.exchange(this.share, this.taken === 0 ? FIRST_SHARE_BYTES : FULL_SHARE_BYTES);
    this.items = Math.max(this.items, this.taken + this.window);
    this.bytes = Math.max(this.bytes, this.takenBytes + this.share + this.large);
  }

  /** There is room for so many bytes more of large items, or, below 0, less. */
  extend(bytes: number): void {
    this.large += bytes;
  }

  /** Another execution goes on. */
  restart(): void {
    this.share = this.budget.exchange(this.share, FIRST_SHARE_BYTES);
    this.takenBytes = 0;
    this.bytes = this.share;
    this.items = this.taken + this.window;
  }

  /** The call has ended. */
  release(): void {
    this.budget.release(this.share);
  }
}
