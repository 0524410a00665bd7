import {
  causeOf,
  deadLetter,
  lighterLetter,
  type Death,
  type Letter,
  type LetterPart,
} from '../../consume/dead-letter.js';
import { BoundedLog } from '../../link/bounded-log.js';
import type { Link } from '../../link/link.js';
import { eventTopic } from '../../link/topics.js';
import { countDeadLetter } from '../../telemetry/dead-letter-count.js';
import { isRefusal, type Onward, type Persistence } from './onward.js';

/** What a letter goes without, one after another, where the topic refuses it as it is. The last always fits. */
const OMISSIONS: readonly (readonly LetterPart[])[] = [
  [],
  ['headers'],
  ['headers', 'value'],
  ['headers', 'value', 'key'],
];

/** Writes what no handler could handle to `<topic>.<service>.dead`. */
export class DeadLetters {
  private readonly log = new BoundedLog();

  constructor(
    private readonly link: Link,
    private readonly onward: Onward,
  ) {}

  /**
   * Keeps a record of the events of `topicOfEvent`. Resolves once a broker has the letter. Rejects where that is not to be
   * waited for any more: also where the topic refuses even what is left of the letter without its record.
   */
  async bury(topicOfEvent: string, record: Letter, death: Death, persistence: Persistence): Promise<void> {
    persistence.signal.throwIfAborted();
    const { origin, handler } = death;
    const letter = deadLetter(record, death);
    const { message, stack } = causeOf(death.cause);
    const where = `${origin.topic}-${origin.partition} at ${origin.offset}`;
    const by = handler === undefined ? '' : ` in ${handler}`;
    this.log.error(
      `dead letter of ${topicOfEvent}`,
      `The event of ${where} failed${by} and is to be kept as a dead letter: ${message}`,
      stack,
    );
    for (const omitted of OMISSIONS) {
      try {
        const kept = omitted.length > 0 ? lighterLetter(letter, omitted) : letter;
        await this.send(topicOfEvent, kept, persistence, omitted === OMISSIONS.at(-1));
        countDeadLetter(topicOfEvent, death.cause);
        return;
      } catch (error) {
        if (!isRefusal(error) || omitted === OMISSIONS.at(-1)) throw error;
      }
    }
  }

  private async send(topic: string, letter: Letter, persistence: Persistence, last: boolean): Promise<void> {
    const { names, service, topics } = this.link.options;
    const spec = eventTopic(names.dead(topic, service), { ...topics.events, partitions: 1 });
    await this.onward.send(spec, letter, persistence, last);
  }
}
