import { Logger } from '@nestjs/common';
import { ParleyException } from '../../exceptions/parley-exception.js';
import { Refusals } from '../../link/refusals.js';

/** What failed and is kept nowhere yet: its events are not done, and wait. */
export interface UntakenRecords {
  records: number;
  /** How long the oldest of them has waited since it was sent first, in ms. */
  forMs: number;
  /** Why the last try failed. */
  why: string;
}

/** One record on its way. */
export interface Waiting {
  /** A try failed, and another follows. */
  refused(topic: string, error: unknown): void;
  /** It was taken, or is not sent any more. */
  end(): void;
}

/** Records that were to be sent on and that Kafka does not take: told in the log, once a minute, and to health. */
export class Untaken {
  private readonly log: Refusals;
  /** When each was sent first. In that order. */
  private readonly since = new Map<object, number>();
  private why = '';

  constructor(
    private readonly now: () => number = () => performance.now(),
    tell: (message: string) => void = message => new Logger('Parley').error(message),
  ) {
    this.log = new Refusals(
      message => tell(`Events that failed are kept nowhere yet, and wait for it: ${message}`),
      now,
    );
  }

  /** Undefined where everything is taken at the first try. */
  get records(): UntakenRecords | undefined {
    const [oldest] = this.since.values();
    if (oldest === undefined) return undefined;
    return { records: this.since.size, forMs: this.now() - oldest, why: this.why };
  }

  waits(): Waiting {
    const sentAt = this.now();
    const waiting: Waiting = {
      refused: (topic, error) => {
        const code = error instanceof ParleyException ? error.status : undefined;
        this.why = error instanceof Error ? error.message : String(error);
        if (!this.since.has(waiting)) this.since.set(waiting, sentAt);
        this.log.add(topic, { code, message: this.why });
      },
      end: () => this.since.delete(waiting),
    };
    return waiting;
  }
}
