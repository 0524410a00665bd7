import { ParleyException } from '../exceptions/parley-exception.js';
import { letterId, type LetterPlace } from './letter.js';

/** What is left out must be remembered, or it would be redriven again: there is more of it than a commit tells. */
export function outgrown(place: LetterPlace): ParleyException {
  return new ParleyException(
    'RESOURCE_EXHAUSTED',
    `too many stretches of ${place.topic}-${place.partition} are left out before ${letterId(place)} for a commit to tell them: redrive some of what is before it first`,
  );
}

export function unjoined(group: string, withinMs: number): ParleyException {
  return new ParleyException('UNAVAILABLE', `the group ${group} could not be joined within ${withinMs} ms`);
}

export function uncommitted(cause: Error): ParleyException {
  return new ParleyException(
    'UNAVAILABLE',
    `the progress of the last moment could not be committed, the next redrive begins before it: ${cause.message}`,
  );
}
