import { Condition } from '../drivers/timing/condition.js';

/** Records that were given to the link and are not with the sender yet: it opens, or their partition is looked up. */
export class Departures {
  private pending = 0;
  private closing = false;
  private readonly allLeft = new Condition();

  /** Whether `end` is to be called: while the link closes nothing more is counted, it may come too late. */
  begin(): boolean {
    if (this.closing) return false;
    this.pending += 1;
    return true;
  }

  /** In the turn in which the record is given to the sender. */
  end(): void {
    this.pending -= 1;
    if (this.pending === 0) this.allLeft.signal();
  }

  /** Resolves once all that have begun are with the sender, or after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.closing = true;
    if (this.pending > 0) await this.allLeft.wait(timeoutMs);
  }
}
