import type { Figures } from '../scenario.js';
import { SCENARIOS } from '../scenarios.js';
import type { Environment } from './environment.js';

/** One measurement. A system that failed has an `error` and no figures. */
export interface Row extends Figures {
  system: string;
  scenario: string;
  concurrency: number;
  error?: string;
}

/** Parley's figures divided by another system's: rates above one and latencies below one are in its favour. */
export interface Ratio {
  scenario: string;
  concurrency: number;
  against: string;
  rate?: number;
  p50?: number;
  p99?: number;
}

export interface Report {
  environment: Environment;
  rows: Row[];
  ratios: Ratio[];
}

/** The system that all others are compared with. */
export const SUBJECT = 'parley';

/** Calls or items a second, whichever the scenario counts. */
export function rateOf(row: Row): number | undefined {
  return row.rps ?? row.itemsPerSecond;
}

/** Whether a row is of a scenario in which processes come and go. */
export function isFleetRow({ scenario }: Row): boolean {
  return SCENARIOS[scenario]?.fleet === true;
}

/** Parley against every other system, in each scenario that both have figures for. */
export function ratiosOf(rows: readonly Row[]): Ratio[] {
  return rows
    .filter(row => row.system === SUBJECT)
    .flatMap(subject =>
      rows
        .filter(
          row =>
            row.system !== SUBJECT &&
            !isFleetRow(row) &&
            row.scenario === subject.scenario &&
            row.concurrency === subject.concurrency &&
            !row.error &&
            !subject.error,
        )
        .map(row => ({
          scenario: row.scenario,
          concurrency: row.concurrency,
          against: row.system,
          rate: quotient(rateOf(subject), rateOf(row)),
          p50: quotient(subject.p50Ms, row.p50Ms),
          p99: quotient(subject.p99Ms, row.p99Ms),
        })),
    );
}

function quotient(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || !b ? undefined : a / b;
}
