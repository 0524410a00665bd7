import type { EventFigures, KindFigures } from './audit/figures.js';
import type { Violation } from './audit/violation.js';
import type { PastFault } from './schedule/storm.js';

/** Violations of one rule that are shown. */
const SHOWN = 10;

/** A fault counts as around a violation where it was over no longer than this before, in ms. */
const AFTERMATH_MS = 5_000;

/** How calls of each kind ended, a line each. */
export function callLines(kinds: ReadonlyMap<string, KindFigures>): string[] {
  return [...kinds]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([kind, { calls, answeredMs, failed }]) => {
      const median = answeredMs[Math.floor(answeredMs.length / 2)] ?? 0;
      const longest = answeredMs.at(-1) ?? 0;
      return (
        `${kind.padEnd(17)}${cell(calls)} calls, ${cell(answeredMs.length)} answered, ${statuses(failed)}; ` +
        `median ${median.toFixed(0)} ms, longest ${(longest / 1_000).toFixed(1)} s`
      );
    });
}

export function eventLine({ acknowledged, refused, handled, again }: EventFigures): string {
  return `${'events'.padEnd(17)}${cell(acknowledged)} acknowledged, ${statuses(refused)}; ${handled} handled, ${again} of them again`;
}

function cell(count: number): string {
  return String(count).padStart(6);
}

function statuses(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ') || 'none failed';
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
