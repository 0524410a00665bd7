import type { ParleyOptions } from '../options/parley-options.js';
import type { KeptLetter } from './letter.js';
import type { Selection } from './selection.js';
import type { LetterSummary } from './summary.js';
import type { RedriveReport } from './tally.js';

/** One letter whole, and whether it has been redriven. */
export interface ShownLetter extends KeptLetter {
  redriven: boolean;
}

/**
 * What the services' own options say of where their letters are. `topics.events.compression` is what redriven letters
 * are sent by, as their events were; nothing else of `topics` matters, since no topic is made.
 */
export type DeadLetterOfficeOptions = Pick<
  ParleyOptions,
  'service' | 'kafka' | 'prefix' | 'routing' | 'driver' | 'topics'
>;

export interface ListOptions extends Selection {
  /** Letters to list, the oldest of each partition first; all are counted. Default 100. */
  limit?: number;
  /** Those too that have been redriven. Default false. */
  all?: boolean;
  signal?: AbortSignal;
  /** Called as letters are read, with how many records have been. */
  onProgress?: (looked: number) => void;
}

export interface Listing {
  letters: LetterSummary[];
  /** How many there are of the kind that was asked for, listed or not. */
  matched: number;
  /** Records of these topics that are no dead letters of the service. */
  strangers: number;
}

export interface RedriveOptions extends Selection {
  /** Default true: nothing is sent, the report says what would be. */
  dryRun?: boolean;
  /** Letters too that died again after a redrive. Default false: what killed them twice may do so for ever. */
  again?: boolean;
  /**
   * For every handler of the event that the service has, in place of the one that gave the letter up: where that one
   * is not there any more, by its class and method name, nobody else would take the letter. Default false.
   */
  everyHandler?: boolean;
  /** Letters a second, at most. Default: as fast as brokers take them. */
  perSecond?: number;
  /** Letters to redrive, at most. Default: all. */
  limit?: number;
  /** Ends the redrive: what is under way is waited for and committed. */
  signal?: AbortSignal;
  /** Called as letters are looked at, with the report so far. */
  onProgress?: (report: Readonly<RedriveReport>) => void;
}
