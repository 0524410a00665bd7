import type { Message } from './message.js';
import type { ReplyTaker } from './outgoing-call-options.js';

/** What whoever began a call can do with it. */
export interface RunningCall {
  /** For a call whose reply is pulled: an item of so many bytes was taken. */
  take(bytes: number): void;
  /** Ends it on both sides; nothing more is given to its taker. */
  unsubscribe(): void;
}

export interface CallStarter {
  /** With `pulled`, whoever takes the reply says by `take` what it has taken. */
  call<T>(message: Message, taker: ReplyTaker<T>, pulled?: boolean): RunningCall;
}
