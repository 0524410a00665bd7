import { isObservable, type Subscription } from 'rxjs';
import type { ParleyContext } from '../parley-context.js';

/** The cause of an event's death where its handler took too long. */
export class HandlerTimeout extends Error {
  override readonly name = 'HandlerTimeout';
}

/** How long one run of an event's handler may take; past it the run's signal is aborted. `end` is for its owner to call. */
export class HandlerDeadline {
  private timer: NodeJS.Timeout | undefined;
  private subscription: Subscription | undefined;
  private ended = false;

  constructor(
    private readonly timeoutMs: number,
    private readonly context: ParleyContext,
  ) {}

  /**
   * Resolves when an event's handler has succeeded: when what it returned has, an Observable when it completes. Rejects
   * with what it failed with, or HandlerTimeout.
   */
  race(result: Promise<unknown>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.timer = setTimeout(() => {
        const message = `the handler has not ended within ${this.timeoutMs} ms`;
        this.context.abort(message);
        reject(new HandlerTimeout(message));
      }, this.timeoutMs);
      Promise.resolve(result).then(value => {
        if (!isObservable(value)) resolve();
        else if (!this.ended) this.subscription = value.subscribe({ error: reject, complete: resolve });
      }, reject);
    });
  }

  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.subscription?.unsubscribe();
  }
}
