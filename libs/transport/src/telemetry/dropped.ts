import type { StatusCode } from '../wire/status.js';
import { ATTRIBUTES } from './attributes.js';
import { activeInstruments } from './instruments.js';

/** A record of this topic came to nothing. */
export function countDropped(topic: string, why: StatusCode): void {
  activeInstruments()?.droppedRecords.add(1, {
    [ATTRIBUTES.destination]: topic,
    [ATTRIBUTES.errorType]: why,
  });
}
