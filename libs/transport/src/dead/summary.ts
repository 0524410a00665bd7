import { letterId, type KeptLetter } from './letter.js';

/**
 * What a listing says of a letter. Plain text and numbers, so that programs can take it as JSON and that none of the
 * record's bytes are held.
 */
export interface LetterSummary {
  /** `<dead letter topic>/<partition>/<offset>`. */
  id: string;
  /** The topic that the event was read from, and is redriven to. */
  topic: string;
  handler: string | null;
  key: string | null;
  cause: string;
  attempts: number;
  /** ISO 8601. */
  diedAt: string;
  /** How often it was redriven before it died this time. */
  redrives: number;
  /** Whether it has been redriven since. */
  redriven: boolean;
  /** Whether all of its record was kept; other letters cannot be redriven. */
  whole: boolean;
}

export function summaryOf(letter: KeptLetter, redriven: boolean): LetterSummary {
  return {
    id: letterId(letter.place),
    topic: letter.origin.topic,
    handler: letter.handler ?? null,
    key: letter.record.key?.toString() ?? null,
    cause: causeOf(letter),
    attempts: letter.attempts,
    diedAt: letter.at.toISOString(),
    redrives: letter.redrives,
    redriven,
    whole: letter.omitted.length === 0,
  };
}

/** The class of what was thrown, and its message. */
export function causeOf({ cause: { name, message } }: KeptLetter): string {
  return message === '' ? name : `${name}: ${message}`;
}
