import { Observable, type Subscription } from 'rxjs';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Message } from './message.js';
import type { ReplyTaker } from './outgoing-call-options.js';
import type { Attempt } from './policies/retry.js';
import type { RunningCall } from './running-call.js';

/** An item of a reply, and what it weighed on its way. */
export interface WeighedItem<T> {
  value: T;
  bytes: number;
}

/** One call to its taker, any number of attempts one after another to the service. */
export class RepeatedCall<T> implements RunningCall {
  private readonly begun = performance.now();
  private current: RunningCall | undefined;
  private subscription: Subscription | undefined;
  private ended = false;
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly message: Message,
    private readonly begin: (message: Message, taker: ReplyTaker<T>) => RunningCall,
  ) {}

  /** One attempt, made when it is subscribed to. What the call was given in all spans all of them. */
  readonly attempt = ({ number, timeoutMs }: Attempt): Observable<WeighedItem<T>> => {
    return new Observable(subscriber => {
      const call = this.begin(this.attemptOf(number, timeoutMs), {
        next: (value, bytes) => subscriber.next({ value, bytes }),
        error: error => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      this.current = call;
      return () => call.unsubscribe();
    });
  };

  /** Makes attempts as `replies` asks for them. Call once. */
  run(replies: Observable<WeighedItem<T>>, taker: ReplyTaker<T>): void {
    const { signal } = this.message.options;
    const abort = () => {
      this.unsubscribe();
      taker.error(
        new ParleyException('CANCELLED', `the call of ${this.message.pattern} was aborted by its caller`),
      );
    };
    if (signal?.aborted) {
      abort();
      return;
    }
    signal?.addEventListener('abort', abort);
    this.stopListening = () => signal?.removeEventListener('abort', abort);
    this.subscription = replies.subscribe({
      next: ({ value, bytes }) => taker.next(value, bytes),
      error: (error: unknown) => {
        this.end();
        taker.error(error);
      },
      complete: () => {
        this.end();
        taker.complete();
      },
    });
    if (this.ended) this.subscription.unsubscribe();
  }

  take(bytes: number): void {
    this.current?.take(bytes);
  }

  unsubscribe(): void {
    this.end();
    this.subscription?.unsubscribe();
  }

  private end(): void {
    this.ended = true;
    this.stopListening();
  }

  private attemptOf(number: number, timeoutMs: number): Message {
    // The signal is listened to here, so that it ends the waits between attempts too.
    const { signal: _, totalTimeoutMs, ...options } = this.message.options;
    const spentMs = performance.now() - this.begun;
    return {
      ...this.message,
      attempt: number,
      options: {
        ...options,
        timeoutMs,
        ...(totalTimeoutMs !== undefined && { totalTimeoutMs: Math.max(1, totalTimeoutMs - spentMs) }),
      },
    };
  }
}
