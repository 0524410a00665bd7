import type { Figures } from './audit/figures.js';
import type { Violation } from './audit/violation.js';
import type { PastFault } from './schedule/storm.js';

/** Violations of one rule that are shown. */
const SHOWN = 10;

/** A fault counts as around a violation where it was over no longer than this before, in ms. */
const AFTERMATH_MS = 5_000;

/** How much was done and how it ended, a line each. */
export function figureLines({ kinds, events }: Figures): string[] {
  const statuses = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([status, count]) => `${count} ${status}`).join(', ') || 'none failed';
  return [
    ...[...kinds]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(
        ([kind, { calls, answered, failed, longestMs }]) =>
          `${kind.padEnd(17)}${String(calls).padStart(7)} calls, ${String(answered).padStart(7)} answered, ` +
          `${statuses(failed)}; longest ${(longestMs / 1_000).toFixed(1)} s`,
      ),
    `events           ${String(events.acknowledged).padStart(7)} acknowledged, ${statuses(events.refused)}; ` +
      `${events.handled} handled, ${events.again} again`,
  ];
}

/** What was violated, with the faults around it; @param beganAt the storm's beginning, in ms of the machine's clock */
export function violationLines(
  violations: readonly Violation[],
  faults: readonly PastFault[],
  beganAt: number,
): string[] {
  const rules = [...new Set(violations.map(({ rule }) => rule))];
  return rules
    .map(rule => ({ rule, all: violations.filter(violation => violation.rule === rule) }))
    .flatMap(({ rule, all }) => [
      `VIOLATED: ${rule} (${all.length} times)`,
      ...all
        .slice(0, SHOWN)
        .flatMap(violation => [
          `  ${violation.process ?? ''} ${spanOf(violation, beganAt)} ${violation.what}`.replaceAll(
            / +/g,
            ' ',
          ),
          ...around(violation, faults).map(fault => `      ${fault.name}, ${spanOf(fault, beganAt)}`),
        ]),
      ...(all.length > SHOWN ? [`  and ${all.length - SHOWN} more`] : []),
    ]);
}

function around({ from, until }: Violation, faults: readonly PastFault[]): PastFault[] {
  if (from === undefined || until === undefined) return [];
  return faults.filter(fault => fault.from <= until && fault.until + AFTERMATH_MS >= from);
}

function spanOf({ from, until }: { from?: number; until?: number }, beganAt: number): string {
  if (from === undefined || until === undefined) return '';
  const shown = (at: number) => ((at - beganAt) / 1_000).toFixed(2);
  return from === until ? `at ${shown(from)} s:` : `from ${shown(from)} to ${shown(until)} s:`;
}
