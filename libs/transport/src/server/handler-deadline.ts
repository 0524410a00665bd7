import { isObservable, type Observable, type Subscription } from 'rxjs';
import type { ParleyContext } from './parley-context.js';

/** The cause of an event's death where its handler took too long. */
export class HandlerTimeout extends Error {
  override readonly name = 'HandlerTimeout';
}

/** How long one run of an event's handler may take; past it the run's signal is aborted. `end` is for its owner to call. */
export class HandlerDeadline {
  private readonly passed: Promise<never>;
  private timer: NodeJS.Timeout | undefined;
  private subscription: Subscription | undefined;

  constructor(timeoutMs: number, context: ParleyContext) {
    this.passed = new Promise((_resolve, reject) => {
      this.timer = setTimeout(() => {
        const message = `the handler has not ended within ${timeoutMs} ms`;
        context.abort(message);
        reject(new HandlerTimeout(message));
      }, timeoutMs);
    });
    // Nobody may be waiting when it passes.
    this.passed.catch(() => undefined);
  }

  /**
   * Resolves when an event's handler has succeeded: when what it returned has, an Observable when it completes. Rejects
   * with what it failed with, or HandlerTimeout.
   */
  async race(result: Promise<unknown> | Promise<Observable<unknown>>): Promise<void> {
    const value: unknown = await Promise.race([result, this.passed]);
    if (!isObservable(value)) return;
    const completed = new Promise<void>((resolve, reject) => {
      this.subscription = value.subscribe({ error: reject, complete: resolve });
    });
    await Promise.race([completed, this.passed]);
  }

  end(): void {
    clearTimeout(this.timer);
    this.subscription?.unsubscribe();
  }
}
