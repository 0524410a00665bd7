import { Observable, type Subscriber } from 'rxjs';
import type { ReplyTaker } from './outgoing-call-options.js';
import { ReplyIterator } from './reply-iterator.js';
import type { RunningCall } from './running-call.js';

/** Starts a call; with `pulled` the taker says by `take` what it has taken. */
export type StartCall = <T>(taker: ReplyTaker<T>, pulled: boolean) => RunningCall;

/**
 * The reply of a call. Cold: each subscription and each iteration is a call of its own.
 *
 * A subscriber has taken an item when its `next` returns, so that operators which queue (`concatMap`, `bufferCount`)
 * hold what they queue themselves. `for await (const item of client.send(...))` takes an item when it asks for the
 * next one: however slow the loop, no more than the call's window is on its way.
 */
export class Replies<T> extends Observable<T> implements AsyncIterable<T> {
  constructor(private readonly startCall: StartCall) {
    super((subscriber: Subscriber<T>) => {
      const call = startCall(subscriber, false);
      return () => call.unsubscribe();
    });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return new ReplyIterator<T>(taker => this.startCall(taker, true));
  }
}
