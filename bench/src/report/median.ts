import { rateOf, type Row } from './report.js';

/**
 * One row for each system, scenario and number of callers: of several rounds, the one in the middle by rate, or
 * by latency where there is none. A failure in any round is not outvoted.
 */
export function medianRows(rows: readonly Row[]): Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.system} ${row.scenario} ${row.concurrency}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap(group => group.find(row => row.error !== undefined) ?? middle(group));
}

function middle(rows: readonly Row[]): Row[] {
  const sorted = rows.toSorted((a, b) => order(a) - order(b));
  return sorted.slice(Math.floor((sorted.length - 1) / 2)).slice(0, 1);
}

function order(row: Row): number {
  return rateOf(row) ?? row.p50Ms ?? 0;
}
