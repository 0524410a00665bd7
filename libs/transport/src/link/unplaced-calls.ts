/** Calls that ended here before it was known who runs them: their servers can be told only once they are heard of. */
export class UnplacedCalls {
  private allHeard: () => void = () => undefined;

  constructor(private readonly calls: Set<string>) {}

  /** Somebody runs the call, or has run it, and is told by now. */
  heard(callId: string): void {
    if (this.calls.delete(callId) && this.calls.size === 0) this.allHeard();
  }

  /** Resolves once all were heard of, or after `timeoutMs`. */
  async whenHeard(timeoutMs: number): Promise<void> {
    if (this.calls.size === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timeoutMs);
      this.allHeard = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
