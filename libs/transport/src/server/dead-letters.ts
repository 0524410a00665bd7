import { Logger } from '@nestjs/common';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import {
  deadLetter,
  lighterLetter,
  type Death,
  type Letter,
  type LetterPart,
} from '../consume/dead-letter.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Link } from '../link/link.js';
import { sendRecord } from '../link/send-record.js';
import { eventTopic } from '../link/topics.js';

/** How long one dead letter may take to be acknowledged before it is sent again, in ms. */
const TIMEOUT_MS = 30_000;
const FIRST_WAIT_MS = 100;

/** What a letter goes without, one after another, where the topic refuses it as it is. The last always fits. */
const OMISSIONS: readonly (readonly LetterPart[])[] = [
  [],
  ['headers'],
  ['headers', 'value'],
  ['headers', 'value', 'key'],
];

/** Writes what no handler could handle to `<topic>.<service>.dead`. */
export class DeadLetters {
  private readonly logger = new Logger('Parley');

  constructor(
    private readonly link: Link,
    private readonly stopping: AbortSignal,
  ) {}

  /**
   * Resolves once a broker has the letter, however long that takes; rejects where this process stops first, or the
   * topic refuses even what is left of the letter without its record.
   */
  async bury(record: Letter, death: Death): Promise<void> {
    this.stopping.throwIfAborted();
    const { topic, partition, offset } = death.origin;
    const letter = deadLetter(record, death);
    const { cause } = death;
    this.logger.error(
      `The event at ${topic}-${partition} ${offset} failed${death.handler === undefined ? '' : ` in handler ${death.handler}`} and is kept as a dead letter: ${cause instanceof Error ? cause.message : typeof cause}`,
      cause instanceof Error ? cause.stack : undefined,
    );
    for (const omitted of OMISSIONS) {
      try {
        await this.send(topic, omitted.length > 0 ? lighterLetter(letter, omitted) : letter);
        return;
      } catch (error) {
        if (!isRefusal(error) || omitted === OMISSIONS.at(-1)) throw error;
      }
    }
  }

  private async send(origin: string, letter: Letter): Promise<void> {
    const { names, service, topics } = this.link.options;
    const topic = eventTopic(names.dead(origin, service), { ...topics.events, partitions: 1 });
    const untilTaken = retry(
      handleWhen(error => !isRefusal(error)),
      { maxAttempts: Infinity, backoff: new ExponentialBackoff({ initialDelay: FIRST_WAIT_MS }) },
    );
    await untilTaken.execute(() => sendRecord(this.link, topic, letter, TIMEOUT_MS), this.stopping);
  }
}

/** The broker, or the sender's own bounds, will never take this record. */
function isRefusal(error: unknown): boolean {
  return error instanceof ParleyException && error.status === 'INVALID_ARGUMENT';
}
