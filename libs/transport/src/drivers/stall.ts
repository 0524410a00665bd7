import type { DriverEvents } from './driver.js';

export interface StallOptions {
  /** What is not answered: "tail of a". */
  where: string;
  emit: <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]) => void;
}

/** Tells `stalled` whenever nothing was heard for too long, and `resumed` once when that is over. */
export class Stall {
  private told = false;

  constructor(private readonly options: StallOptions) {}

  tell(forMs: number): void {
    const { where, emit } = this.options;
    this.told = true;
    emit('stalled', { where, forMs: Math.round(forMs) });
  }

  /** All is answered, or nothing is asked any more. */
  over(): void {
    if (!this.told) return;
    const { where, emit } = this.options;
    this.told = false;
    emit('resumed', { where });
  }
}
