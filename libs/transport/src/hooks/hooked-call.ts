import { ParleyException } from '../exceptions/parley-exception.js';
import type { ReplyTaker } from '../client/outgoing-call-options.js';
import type { RunningCall } from '../client/running-call.js';
import { statusOfFailure } from '../client/failure.js';
import type { HookRun } from './hook-run.js';
import type { Hooks } from './hooks.js';
import type { OutgoingMessage } from './parley-hook.js';

export interface HookedCallOptions<T> {
  hooks: Hooks;
  run: HookRun<OutgoingMessage>;
  /** Ends the call also while hooks run before it. */
  signal: AbortSignal | undefined;
  /** Makes the call of what the hooks have left; `spentMs` of its time have passed. May raise what is wrong with it. */
  begin(message: OutgoingMessage, spentMs: number, taker: ReplyTaker<T>): RunningCall;
}

/** A call with hooks around it, all its attempts together. */
export class HookedCall<T> implements RunningCall, ReplyTaker<T> {
  private call: RunningCall | undefined;
  private items = 0;
  private last: unknown;
  private ended = false;

  constructor(
    private readonly options: HookedCallOptions<T>,
    private readonly taker: ReplyTaker<T>,
  ) {}

  /** Call once. */
  start(): this {
    const { run, signal } = this.options;
    const begun = performance.now();
    const abort = () =>
      this.error(
        new ParleyException('CANCELLED', `the call of ${run.message.pattern} was aborted by its caller`),
      );
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort);
    run
      .before()
      .then(() => {
        signal?.removeEventListener('abort', abort);
        if (!this.ended) this.call = this.options.begin(run.message, performance.now() - begun, this);
      })
      .catch((error: unknown) => {
        signal?.removeEventListener('abort', abort);
        this.error(ParleyException.of(statusOfFailure(error)));
      });
    return this;
  }

  next(value: T, bytes: number): void {
    this.items += 1;
    this.last = value;
    this.taker.next(value, bytes);
  }

  error(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.options.hooks.follow(this.options.run.failed(error));
    this.taker.error(error);
  }

  complete(): void {
    if (this.ended) return;
    this.follow();
    this.taker.complete();
  }

  take(bytes: number): void {
    this.call?.take(bytes);
  }

  unsubscribe(): void {
    if (this.ended) return;
    this.follow();
    this.call?.unsubscribe();
  }

  private follow(): void {
    this.ended = true;
    const { hooks, run } = this.options;
    hooks.follow(run.after({ items: this.items, last: this.last }));
  }
}
