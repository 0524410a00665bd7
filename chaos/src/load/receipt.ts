import { itemOf, noted, type Question } from './question.js';

/** Items that came one after another, from the first to the last of them. */
export type Run = [first: number, last: number];

/** How many unexpected items are written down of one stream. */
const STRAYS_KEPT = 5;

/** What came of a stream, in few words: items in order are one run, and what is no item of it a stray. */
export class Receipt {
  readonly runs: Run[] = [];
  readonly strays: string[] = [];

  constructor(private readonly question: Question) {}

  add(item: unknown): void {
    const n = typeof item === 'string' ? Number(item.slice(item.lastIndexOf(' ') + 1)) : NaN;
    if (item !== itemOf(this.question, n)) {
      if (this.strays.length < STRAYS_KEPT) this.strays.push(noted(item));
      return;
    }
    const run = this.runs.at(-1);
    if (run && run[1] + 1 === n) run[1] = n;
    else this.runs.push([n, n]);
  }
}
