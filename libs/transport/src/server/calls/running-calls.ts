import { isUnexpected } from '../../exceptions/thrown.js';
import { BoundedLog } from '../../link/bounded-log.js';
import type { IncomingCall } from './incoming-call.js';

/** The calls that run in this process, until their replies are settled. */
export class RunningCalls {
  private readonly log = new BoundedLog();
  private readonly calls = new Set<IncomingCall>();
  private readonly idleWaiters: (() => void)[] = [];
  private streams = 0;
  /** How often a reply had to wait until its caller took more. */
  creditStalls = 0;

  /** `maxStreams`: streams open at a time. */
  constructor(readonly maxStreams: number) {}

  add(call: IncomingCall): void {
    this.calls.add(call);
  }

  /** Its reply is settled. */
  remove(call: IncomingCall): void {
    this.calls.delete(call);
    if (this.calls.size === 0) for (const idle of this.idleWaiters.splice(0)) idle();
  }

  /** One of them has become a stream. False where it is one too many. */
  beginStream(): boolean {
    this.streams += 1;
    return this.streams <= this.maxStreams;
  }

  endStream(): void {
    this.streams -= 1;
  }

  /** Ends the streams that can go on elsewhere: their callers lose nothing by it. */
  moveStreams(): void {
    for (const call of this.calls) if (call.movable) call.drain();
  }

  /** Resolves once nothing runs, or after `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.calls.size === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timeoutMs);
      this.idleWaiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Ends what still runs: the callers are told UNAVAILABLE. */
  drain(): void {
    for (const call of this.calls) call.drain();
  }

  /** Tells the log of what a handler threw, unless it is an answer. */
  tellThrown(pattern: string, thrown: unknown): void {
    if (!isUnexpected(thrown)) return;
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    this.log.error(
      `handler of ${pattern}`,
      `The handler of ${pattern} threw ${thrown instanceof Error ? thrown.message : typeof thrown}`,
      stack,
    );
  }
}
