/** Bytes of large items that one process puts together at a time, all its calls together. */
export const ASSEMBLY_BUDGET_BYTES = 64 * 1024 * 1024;

export interface Reservation {
  /** Gives the bytes back; where they were still waited for, nothing more is told. */
  release(): void;
}

/**
 * Room for what comes in parts: whoever is to put something together waits for its turn, first come, first served,
 * before it lets the other side send more than the beginning. What is larger than all there is has its turn alone.
 */
export class AssemblyBudget {
  private reserved = 0;
  private readonly waiting = new Set<{ bytes: number; start(): void }>();

  constructor(private readonly total = ASSEMBLY_BUDGET_BYTES) {}

  get inUse(): number {
    return this.reserved;
  }

  /** `onReserved` is called once there is room: maybe at once, before this returns. */
  reserve(bytes: number, onReserved: () => void): Reservation {
    let held = false;
    let released = false;
    const waiter = {
      bytes,
      start: () => {
        held = true;
        this.reserved += bytes;
        onReserved();
      },
    };
    this.waiting.add(waiter);
    this.advance();
    return {
      release: () => {
        if (released) return;
        released = true;
        this.waiting.delete(waiter);
        if (held) this.reserved -= bytes;
        this.advance();
      },
    };
  }

  private advance(): void {
    for (const waiter of this.waiting) {
      if (this.reserved > 0 && this.reserved + waiter.bytes > this.total) return;
      this.waiting.delete(waiter);
      waiter.start();
    }
  }
}
