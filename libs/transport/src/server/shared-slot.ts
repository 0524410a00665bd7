import type { Park } from '../consume/lanes.js';

/** The slot of one event, which its handlers share: while those that have not ended all wait, somebody else has it. */
export class SharedSlot {
  private waiting = 0;
  private wake: (() => void) | undefined;
  /** Settles when the slot, once given away, is there again. */
  private back: Promise<void> | undefined;

  /** `active`: how many share it. */
  constructor(
    private readonly park: Park,
    private active: number,
  ) {}

  /** For one of them: settles as `awaited` does, once there is a slot. */
  async waitFor<T>(awaited: Promise<T>): Promise<T> {
    this.waiting += 1;
    this.rest();
    try {
      return await awaited;
    } finally {
      this.waiting -= 1;
      this.active += 1;
      this.wake?.();
      this.wake = undefined;
      await this.back;
    }
  }

  /** One of them has ended. */
  ended(): void {
    this.rest();
  }

  private rest(): void {
    this.active -= 1;
    if (this.active > 0 || this.waiting === 0) return;
    const awake = new Promise<void>(resolve => (this.wake = resolve));
    this.back = this.park(awake);
  }
}
