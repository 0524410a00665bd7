/** Calls, by their ids, whose leaving can be waited for. */
export class CallSet {
  private emptied: () => void = () => undefined;

  constructor(private readonly calls = new Set<string>()) {}

  add(callId: string): void {
    this.calls.add(callId);
  }

  delete(callId: string): void {
    if (this.calls.delete(callId) && this.calls.size === 0) this.emptied();
  }

  /** Resolves once none is left, or after `timeoutMs`. */
  async whenEmpty(timeoutMs: number): Promise<void> {
    if (this.calls.size === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timeoutMs);
      this.emptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
