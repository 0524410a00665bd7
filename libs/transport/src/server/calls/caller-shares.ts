import type { RecordWork } from '../../consume/consumption.js';
import type { ReceivedRecord } from '../../drivers/driver.js';
import { PARLEY_HEADER } from '../../wire/header.js';
import { returnAddress } from '../../wire/return-address.js';
import type { Status } from '../../wire/status.js';

export interface RequestRunner {
  work(record: ReceivedRecord, redelivered: boolean, refusal?: Status): RecordWork;
}

/**
 * Lets each caller's instance have so many slots and no more: a further call of it is refused when its turn comes, so
 * that one caller cannot take them all. A stream counts until its client holds it, as it holds a slot until then.
 */
export class CallerShares implements RequestRunner {
  private readonly running = new Map<string, number>();

  constructor(
    private readonly calls: RequestRunner,
    private readonly limit: number,
  ) {}

  /** Callers that have calls running. */
  get size(): number {
    return this.running.size;
  }

  work(record: ReceivedRecord, redelivered: boolean, refusal?: Status): RecordWork {
    const work = this.calls.work(record, redelivered, refusal);
    const caller = returnAddress(record.headers[PARLEY_HEADER])?.replyTo.instance;
    if (refusal || caller === undefined) return work;
    const run: RecordWork['run'] = async (done, park) => {
      const before = this.running.get(caller) ?? 0;
      if (before >= this.limit)
        return this.calls.work(record, redelivered, tooManyCalls(this.limit)).run(done);
      this.running.set(caller, before + 1);
      try {
        await work.run(done, park);
      } finally {
        this.leave(caller);
      }
    };
    return { ...work, run };
  }

  private leave(caller: string): void {
    const left = (this.running.get(caller) ?? 0) - 1;
    if (left > 0) this.running.set(caller, left);
    else this.running.delete(caller);
  }
}

function tooManyCalls(limit: number): Status {
  return {
    code: 'RESOURCE_EXHAUSTED',
    message: `this caller has ${limit} calls running on this server, which is its limit (maxCallsPerCaller)`,
  };
}
