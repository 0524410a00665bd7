import type { RecordWork } from '../../consume/consumption.js';
import type { ReceivedRecord } from '../../drivers/driver.js';
import { countDropped } from '../../telemetry/dropped.js';
import { PARLEY_HEADER } from '../../wire/header.js';
import type { Status } from '../../wire/status.js';

/** Requests that are remembered, so that one which the broker was sent twice runs once. */
const MAX_REMEMBERED = 10_000;
/** Refusals that are on their way: beyond that what comes is dropped, and its caller hears of it by its own timer. */
const MAX_REFUSING = 1000;
/** As much of a request's header as its call's id is in. */
const ID_CHARACTERS = 64;

export interface RequestRunner {
  work(record: ReceivedRecord, redelivered: boolean, refusal?: Status): RecordWork;
}

/**
 * The requests that every instance of the service is sent. They come by the inbox, so Kafka neither owns them nor
 * gives them to another instance; what is too much here is refused, since it cannot be left in a log to wait.
 */
export class InboxRequests {
  private readonly seen = new Set<string>();
  private draining = false;
  private refusing = 0;
  /** Requests that run, and hold a slot. */
  running = 0;

  constructor(
    private readonly calls: RequestRunner,
    private readonly concurrency: number,
  ) {}

  take(record: ReceivedRecord): void {
    const id = record.headers[PARLEY_HEADER]?.toString('latin1', 0, ID_CHARACTERS) ?? '';
    if (this.seen.has(id)) return;
    this.remember(id);
    const refusal = this.refusal();
    if (refusal && this.refusing >= MAX_REFUSING) {
      countDropped(record.topic, refusal.code);
      return;
    }
    const work = this.calls.work(record, false, refusal);
    if (refusal) this.refusing += 1;
    else this.running += 1;
    const free = () => {
      if (refusal) this.refusing -= 1;
      else this.running -= 1;
    };
    work.run(() => undefined).then(free, free);
  }

  /** This process stops: what comes from now on is refused. */
  drain(): void {
    this.draining = true;
  }

  private refusal(): Status | undefined {
    if (this.draining) return { code: 'UNAVAILABLE', message: 'the server is draining' };
    if (this.running < this.concurrency) return undefined;
    return {
      code: 'RESOURCE_EXHAUSTED',
      message: `this instance runs ${this.concurrency} requests that every instance was sent, which is its limit`,
    };
  }

  private remember(id: string): void {
    this.seen.add(id);
    if (this.seen.size > MAX_REMEMBERED) this.seen.delete(this.seen.values().next().value!);
  }
}
