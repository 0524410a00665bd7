import { styleText } from 'node:util';
import { isFleetRow, rateOf, type Report, type Row } from './report.js';
import { targetResults } from './targets.js';

const FLEET_FIGURES = [
  ['failed', 'failed'],
  ['lost', 'lost'],
  ['duplicated', 'duplicated'],
  ['longestPauseMs', 'pause ms'],
  ['longestPauseCallersMs', 'while callers change'],
  ['timeToNextAnswerMs', 'next answer ms'],
  ['electionMs', 'election ms'],
] as const;

/** One row for the terminal. */
export function rowLine(row: Row): string {
  const name = `${row.scenario} ${row.concurrency}`.padEnd(19) + row.system.padEnd(18);
  if (row.error !== undefined) return name + styleText('red', `failed: ${row.error}`);
  const rate = rateOf(row);
  const perSecond = (rate === undefined ? '' : `${Math.round(rate).toLocaleString('en')}/s`).padStart(11);
  if (isFleetRow(row)) return [name + perSecond, ...fleetFigures(row), row.note ?? ''].join('  ');
  const latency =
    row.p50Ms === undefined ? '' : `p50 ${row.p50Ms.toFixed(2)} ms, p99 ${row.p99Ms?.toFixed(2)} ms`;
  return [
    name + perSecond,
    latency.padEnd(36),
    `cpu ${row.cpuSeconds?.toFixed(2)} s`.padEnd(13),
    (row.cpuEachUs === undefined ? '' : `${row.cpuEachUs.toFixed(1)} µs each`).padEnd(14),
    `${row.rssMb?.toFixed(0)} MB`,
    row.note ?? '',
  ].join('  ');
}

function fleetFigures(row: Row): string[] {
  return FLEET_FIGURES.flatMap(([figure, label]) => {
    const value = row[figure];
    return value === undefined ? [] : [`${label} ${Math.round(value).toLocaleString('en')}`];
  });
}

/** Ratios and targets for the terminal. */
export function summary(report: Report): string {
  const lines = report.ratios.map(
    ({ scenario, concurrency, against, rate, p50 }) =>
      `${scenario} ${concurrency}`.padEnd(19) +
      `parley / ${against}`.padEnd(28) +
      (rate === undefined ? '' : `rate ${rate.toFixed(2)}x`).padEnd(16) +
      (p50 === undefined ? '' : `p50 ${p50.toFixed(2)}x`),
  );
  const targets = targetResults(report.rows).map(({ subject, claim, measured, met }) =>
    styleText(met ? 'green' : 'red', `${met ? 'met   ' : 'missed'}  ${subject}: ${claim}: ${measured}`),
  );
  return [...lines, ...targets].join('\n');
}
