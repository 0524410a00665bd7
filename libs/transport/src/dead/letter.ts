import { readDeadLetter, type DeadLetter } from '../consume/dead-letter.js';
import type { ReceivedRecord } from '../drivers/driver.js';
import type { Routing } from '../routing/routing.js';
import { historyOf, redrivesOf, type EarlierDeath } from './history.js';

/** Where a letter is in its dead letter topic. */
export interface LetterPlace {
  topic: string;
  partition: number;
  offset: number;
}

/** A dead letter, the place where it is kept and what became of it before. */
export interface KeptLetter extends DeadLetter {
  place: LetterPlace;
  /** How often it was redriven and died again. */
  redrives: number;
  /** Its earlier deaths, oldest first; of many the latest ten. */
  history: readonly EarlierDeath[];
}

/**
 * The letter that a record of a dead letter topic is, if it is one of this service's that belongs there. A record that
 * names another origin is none: whoever may write to the topic could else have records put anywhere.
 */
export function keptLetter(record: ReceivedRecord, service: string, names: Routing): KeptLetter | undefined {
  const letter = readDeadLetter(record);
  if (letter?.service !== service || !belongs(letter.origin.topic, record.topic, service, names)) return;
  const { topic, partition, offset } = record;
  const { headers } = letter.record;
  return {
    ...letter,
    place: { topic, partition, offset },
    redrives: redrivesOf(headers),
    history: historyOf(headers),
  };
}

/** A letter's name in listings: `<dead letter topic>/<partition>/<offset>`. */
export function letterId({ topic, partition, offset }: LetterPlace): string {
  return `${topic}/${partition}/${offset}`;
}

/** The place that an id names. Raises TypeError where it is none. */
export function placeOfId(id: string): LetterPlace {
  const [topic, partition, offset, ...rest] = id.split('/');
  if (!topic || rest.length > 0 || !isCount(partition) || !isCount(offset)) {
    throw new TypeError(
      `${JSON.stringify(id)} names no dead letter: an id is <topic>/<partition>/<offset>, such as user.created.mailer.dead/0/12`,
    );
  }
  return { topic, partition: Number(partition), offset: Number(offset) };
}

function isCount(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,15}$/.test(text);
}

function belongs(origin: string, topic: string, service: string, names: Routing): boolean {
  try {
    return names.dead(origin, service) === topic;
  } catch {
    return false; // no legal topic
  }
}
