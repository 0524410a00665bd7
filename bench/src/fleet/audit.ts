import { type CallRecords, isAnswer, outcomeOf } from './call-log.js';
import type { HandledCounts } from './handlings.js';

/** What became of every call of a fleet. */
export interface Audit {
  calls: number;
  answered: number;
  /** Ended with an error, or with an answer to another question. */
  failed: number;
  /** Without any ending within the deadline that the bench sets. */
  lost: number;
  /**
   * Answered more than once, or handled more than once although answered. Runs of a handler in a process that was
   * killed are not known, and not counted.
   */
  duplicated: number;
  /** Of `failed`: answered with what another call sent. */
  wrong: number;
}

/** @param records by the number of the process that made the calls */
export function audit(records: ReadonlyMap<number, CallRecords>, handled: readonly HandledCounts[]): Audit {
  const sum: Audit = { calls: 0, answered: 0, failed: 0, lost: 0, duplicated: 0, wrong: 0 };
  for (const [process, calls] of records) {
    const counts = handled.flatMap(server => server.get(process) ?? []);
    sum.calls += calls.outcome.length;
    for (let call = 0; call < calls.outcome.length; call++) {
      const outcome = outcomeOf(calls, call);
      if (outcome === 'lost') sum.lost += 1;
      if (outcome === 'wrong') sum.wrong += 1;
      if (outcome === 'failed' || outcome === 'wrong') sum.failed += 1;
      if (!isAnswer(outcome)) continue;
      sum.answered += 1;
      const runs = counts.reduce((total, count) => total + (count[call] ?? 0), 0);
      if (outcome === 'repeated' || runs > 1) sum.duplicated += 1;
    }
  }
  return sum;
}
