import { defer, from, switchMap, type Observable } from 'rxjs';
import type { Attendance } from './attendance.js';
import type { Message } from './message.js';
import type { ReplyTaker } from './outgoing-call-options.js';
import type { Policies } from './policies/policies.js';
import type { Attempt } from './policies/retry.js';
import { RepeatedCall } from './repeated-call.js';
import type { CallStarter, RunningCall } from './running-call.js';

export interface Guards {
  /** Retries and circuit breakers, where any are asked for. */
  policies: Policies | undefined;
  attendance: Pick<Attendance, 'confirm'>;
  /** Whether a call waits for an instance to come up, where it does not say so itself. */
  waitForReady: boolean;
  timeoutOf(message: Message): number;
}

/** Begins calls with what their client's policies, and they themselves, ask for; all others pass untouched. */
export class GuardedCaller implements CallStarter {
  constructor(
    private readonly caller: CallStarter,
    private readonly guards: Guards,
  ) {}

  call<T>(message: Message, taker: ReplyTaker<T>, pulled = false): RunningCall {
    const { policies, waitForReady } = this.guards;
    const waits = message.options.waitForReady ?? waitForReady;
    if (!policies && waits) return this.caller.call(message, taker, pulled);
    const call = new RepeatedCall<T>(message, (one, to) => this.caller.call(one, to, pulled));
    const attempt = waits ? call.attempt : this.confirmed(call.attempt);
    const timeoutMs = this.guards.timeoutOf(message);
    const replies = policies
      ? policies.apply(message.pattern, timeoutMs, attempt)
      : defer(() => attempt({ number: 1, timeoutMs }));
    call.run(replies, taker);
    return call;
  }

  /** The attempt, made only once somebody is known to be there, in what time that leaves. */
  private confirmed<T>(attempt: (given: Attempt) => Observable<T>): (given: Attempt) => Observable<T> {
    return given => {
      const begun = performance.now();
      return from(this.guards.attendance.confirm(given.timeoutMs)).pipe(
        switchMap(() => {
          const leftMs = Math.floor(given.timeoutMs - (performance.now() - begun));
          return attempt({ ...given, timeoutMs: Math.max(1, leftMs) });
        }),
      );
    };
  }
}
