import type { LoopHealth } from '../drivers/loop-health.js';
import type { PartitionQueue } from './partition-queue.js';

/** How long what may wait for others does so at most, in ms. */
export const PATIENCE_MS = 5;

/** A node that leads partitions: one request at a time is in flight to it, for the queues that are ready. */
export class Leader {
  readonly ready = new Set<PartitionQueue>();
  private inFlight = false;
  private turns = 0;
  private scheduled = false;
  /** Runs while all that is ready may wait for more. */
  private patience: NodeJS.Timeout | undefined;

  constructor(
    readonly id: number,
    /** Sends what is ready; resolves with the answer. Never rejects. */
    private readonly send: () => Promise<void>,
  ) {}

  /** Sends before long, unless a request is in flight: then after it. */
  wake(): void {
    if (this.inFlight || this.scheduled || this.ready.size === 0) return;
    if (!this.urgent) {
      this.patience ??= setTimeout(() => {
        for (const queue of this.ready) queue.urgent = true;
        this.wake();
      }, PATIENCE_MS);
      return;
    }
    this.rest();
    this.scheduled = true;
    // After this turn of the event loop, so that everything it brings up leaves together.
    setImmediate(() => void this.run());
  }

  get loop(): LoopHealth {
    return { name: `sender to broker ${this.id}`, turns: this.turns, idle: !this.inFlight };
  }

  /** Ends the wait. */
  rest(): void {
    clearTimeout(this.patience);
    this.patience = undefined;
  }

  private async run(): Promise<void> {
    this.scheduled = false;
    this.inFlight = true;
    this.turns += 1;
    try {
      await this.send();
    } finally {
      this.inFlight = false;
    }
    this.wake();
  }

  private get urgent(): boolean {
    for (const queue of this.ready) if (queue.urgent) return true;
    return false;
  }
}
