import type { Status } from '../wire/status.js';
import { letterId, type KeptLetter, type LetterPlace } from './letter.js';
import { selects, type Selection } from './selection.js';
import type { LetterSummary } from './summary.js';

/** Letters and failures that a report tells one by one; of the others it tells the number. */
const MOST_TOLD = 20;

/** Why a redrive ended: at the end that the logs had at its start, or before. */
export type RedriveEnd = 'end' | 'limit' | 'interrupted' | 'shared';

/** What became of each letter that was looked at. */
export interface RedriveReport {
  /** Nothing was sent and nothing committed: `redriven` counts what would have been. */
  dryRun: boolean;
  /**
   * `end`: everything was looked at that was there at the start. `limit`: as many as were asked for. `interrupted`: by
   * its signal. `shared`: another redrive of the service holds the rest.
   */
  ended: RedriveEnd;
  /** Letters that were looked at, those of the service that are selected: the sum of the next five. */
  matched: number;
  redriven: number;
  /** Redriven before: left out. */
  redrivenBefore: number;
  /** Died again after a redrive: left out unless `again` asks for them. */
  diedAgain: number;
  /** Kept without some of their record: they cannot be redriven. */
  incomplete: number;
  /** Not taken by their topic: they are kept as they were. */
  failed: number;
  /** Records that are no dead letters of this service: left as they are. */
  strangers: number;
  /** The first 20 that were redriven, or would have been. */
  letters: LetterSummary[];
  /** The first 20 failures. */
  failures: { id: string; status: Status['code']; message: string }[];
}

export interface Verdicts {
  selection: Selection;
  /** Letters that died again, too. */
  again: boolean;
}

/** Judges letters and counts what becomes of them. */
export class Tally {
  readonly report: RedriveReport;

  constructor(
    private readonly verdicts: Verdicts,
    dryRun: boolean,
  ) {
    this.report = {
      dryRun,
      ended: 'end',
      matched: 0,
      redriven: 0,
      redrivenBefore: 0,
      diedAgain: 0,
      incomplete: 0,
      failed: 0,
      strangers: 0,
      letters: [],
      failures: [],
    };
  }

  /** Whether the letter is to be redriven; undefined stands for a record that is none. */
  judge(letter: KeptLetter | undefined, redrivenBefore: boolean): letter is KeptLetter {
    const { report, verdicts } = this;
    if (!letter) report.strangers += 1;
    if (!letter || !selects(verdicts.selection, letter)) return false;
    report.matched += 1;
    if (redrivenBefore) report.redrivenBefore += 1;
    else if (letter.omitted.length > 0) report.incomplete += 1;
    else if (letter.redrives > 0 && !verdicts.again) report.diedAgain += 1;
    else return true;
    return false;
  }

  redriven(letter: LetterSummary): void {
    this.report.redriven += 1;
    if (this.report.letters.length < MOST_TOLD) this.report.letters.push(letter);
  }

  failed(place: LetterPlace, { code: status, message }: Status): void {
    this.report.failed += 1;
    if (this.report.failures.length < MOST_TOLD)
      this.report.failures.push({ id: letterId(place), status, message });
  }
}
