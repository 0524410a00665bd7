import { Condition } from '../drivers/timing/condition.js';

/** Calls, by their ids, whose leaving can be waited for. */
export class CallSet {
  private readonly emptied = new Condition();

  constructor(private readonly calls = new Set<string>()) {}

  add(callId: string): void {
    this.calls.add(callId);
  }

  delete(callId: string): void {
    if (this.calls.delete(callId) && this.calls.size === 0) this.emptied.signal();
  }

  /** Resolves once none is left, or after `timeoutMs`. */
  async whenEmpty(timeoutMs: number): Promise<void> {
    if (this.calls.size > 0) await this.emptied.wait(timeoutMs);
  }
}
