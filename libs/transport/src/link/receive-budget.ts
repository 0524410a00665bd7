/** Bytes of replies that one process is ready for at a time, all its calls together. */
export const RECEIVE_BUDGET_BYTES = 32 * 1024 * 1024;
/** What a call may always get, however many there are, so that none starves. */
export const MIN_SHARE_BYTES = 16 * 1024;
/** What a call gets before it is known whether its reply is long. */
export const FIRST_SHARE_BYTES = 64 * 1024;
/** What a long reply gets while there is room. */
export const FULL_SHARE_BYTES = 1024 * 1024;

/** What one process grants to the servers that answer it, in bytes: each call holds a share while it is open. */
export class ReceiveBudget {
  private granted = 0;

  constructor(private readonly total = RECEIVE_BUDGET_BYTES) {}

  /** Bytes granted to open calls. */
  get inUse(): number {
    return this.granted;
  }

  /** A share in place of the one held (0 for none): what is wanted where there is room, never less than the minimum. */
  exchange(held: number, wanted: number): number {
    this.granted -= held;
    const share = Math.max(MIN_SHARE_BYTES, Math.min(wanted, this.total - this.granted));
    this.granted += share;
    return share;
  }

  release(share: number): void {
    this.granted -= share;
  }
}
