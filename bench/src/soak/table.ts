import { FIGURES, type Sample } from '@parley/tools/processes';
import type { Growth, TimedSample } from './growth.js';

const LABELS: Readonly<Record<keyof Sample, string>> = {
  rssMb: 'rss MB',
  heapMb: 'heap MB',
  sockets: 'sockets',
  handles: 'handles',
};

/** One process's sample on one line. */
export function sampleCells(sample: Sample): string {
  return FIGURES.map(figure => `${LABELS[figure]} ${number(sample[figure])}`.padEnd(15)).join('');
}

/** How each figure of each process went, a line each. */
export function growthTable(growths: ReadonlyMap<string, readonly Growth[]>): string {
  const head = ['process', 'figure', 'first', 'last', 'a minute', 'in all', 'rise', ''];
  const lines = [...growths].flatMap(([process, all]) =>
    all.map(({ figure, first, last, perMinute, total, rise, grew }) => [
      process,
      LABELS[figure],
      number(first),
      number(last),
      number(perMinute),
      number(total),
      `${rise.toFixed(1)} sd`,
      grew ? 'GREW' : 'steady',
    ]),
  );
  return [head, ...lines]
    .map(cells =>
      cells
        .map(cell => cell.padEnd(10))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

/** When it was, for the line of a round. */
export function minutesOf({ at }: TimedSample): string {
  return `${at.toFixed(1)} min`.padStart(9);
}

function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}
