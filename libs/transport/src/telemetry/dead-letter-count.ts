import { ATTRIBUTES } from './attributes.js';
import { activeInstruments } from './instruments.js';
import { errorType } from './span-end.js';

/** An event of this topic is kept as a dead letter. */
export function countDeadLetter(topic: string, cause: unknown): void {
  activeInstruments()?.deadLetters.add(1, {
    [ATTRIBUTES.destination]: topic,
    [ATTRIBUTES.errorType]: errorType(cause),
  });
}
