import { Condition } from '../drivers/timing/condition.js';

/** How much waits in the sender or is out and not acknowledged, and since when nothing has moved. */
export class Backlog {
  parcels = 0;
  bytes = 0;
  private lastProgress: number;
  private readonly emptied = new Condition();

  constructor(private readonly now: () => number) {
    this.lastProgress = now();
  }

  /** Milliseconds since a broker acknowledged anything, while something waits; 0 when nothing does. */
  get stuckForMs(): number {
    return this.parcels === 0 ? 0 : this.now() - this.lastProgress;
  }

  add(parcels: number, bytes: number): void {
    if (this.parcels === 0) this.progress();
    this.parcels += parcels;
    this.bytes += bytes;
  }

  remove(bytes: number): void {
    this.parcels -= 1;
    this.bytes -= bytes;
    if (this.parcels > 0) return;
    this.bytes = 0;
    this.emptied.signal();
  }

  /** A broker acknowledged something. */
  progress(): void {
    this.lastProgress = this.now();
  }

  /** Resolves once nothing is left, or after `timeoutMs`. */
  async empty(timeoutMs: number): Promise<void> {
    if (this.parcels > 0) await this.emptied.wait(timeoutMs);
  }
}
