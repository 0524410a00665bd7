import { isFleetRow, rateOf, type Row } from './report.js';

/** What a fleet is never to have more of. */
const BEST_AT_ZERO = [
  'failed',
  'lost',
  'duplicated',
  'longestPauseMs',
  'longestPauseCallersMs',
  'timeToNextAnswerMs',
  'electionMs',
] as const;

/**
 * One row for each system, scenario and number of callers: of several rounds, the one in the middle by rate, or
 * by latency where there is none. A failure in any round is not outvoted, nor is what went wrong in a fleet: each
 * of its figures is the worst of all rounds.
 */
export function medianRows(rows: readonly Row[]): Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.system} ${row.scenario} ${row.concurrency}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap(
    group => group.find(row => row.error !== undefined) ?? (group.every(isFleetRow) ? worst : middle)(group),
  );
}

function worst([first, ...others]: readonly Row[]): Row[] {
  return first ? [others.reduce(worse, first)] : [];
}

function worse(a: Row, b: Row): Row {
  const row: Row = { ...a };
  for (const figure of BEST_AT_ZERO)
    if (b[figure] !== undefined) row[figure] = Math.max(a[figure] ?? 0, b[figure]);
  if (b.rps !== undefined) row.rps = Math.min(a.rps ?? Infinity, b.rps);
  const notes = [a.note, b.note].filter(Boolean);
  if (notes.length > 0) row.note = notes.join(' / ');
  return row;
}

function middle(rows: readonly Row[]): Row[] {
  const sorted = rows.toSorted((a, b) => order(a) - order(b));
  return sorted.slice(Math.floor((sorted.length - 1) / 2)).slice(0, 1);
}

function order(row: Row): number {
  return rateOf(row) ?? row.p50Ms ?? 0;
}
