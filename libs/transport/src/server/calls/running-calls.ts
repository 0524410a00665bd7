import { Condition } from '../../drivers/timing/condition.js';
import { BoundedLog } from '../../link/bounded-log.js';
import { logThrown } from '../log-thrown.js';
import type { IncomingCall } from './incoming-call.js';

/** The calls that run in this process, until their replies are settled. */
export class RunningCalls {
  private readonly log = new BoundedLog();
  private readonly calls = new Set<IncomingCall>();
  private readonly emptied = new Condition();
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
    if (this.calls.size === 0) this.emptied.signal();
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
    if (this.calls.size > 0) await this.emptied.wait(timeoutMs);
  }

  /** Ends what still runs: the callers are told UNAVAILABLE. */
  drain(): void {
    for (const call of this.calls) call.drain();
  }

  /** Tells the log of what a handler threw, unless it is an answer. */
  tellThrown(pattern: string, thrown: unknown): void {
    logThrown(this.log, pattern, thrown);
  }
}
