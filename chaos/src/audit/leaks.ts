import { FIGURES, type Sample } from '@parley/tools/processes';
import type { Violation } from './violation.js';

/**
 * How much more a process may hold after the storm than before it, with nothing under way. Sockets: one for each part
 * of the link to a broker that was not needed before. Memory: code that was compiled and buffers that found their
 * size; a storm makes some ten thousand calls, so that a kilobyte kept of each shows.
 */
const ALLOWED: Readonly<Record<keyof Sample, number>> = { rssMb: 150, heapMb: 10, sockets: 6, handles: 12 };

/** A process that lived through all of it holds no more after it than before. */
export function auditLeaks(
  before: ReadonlyMap<string, Sample>,
  after: ReadonlyMap<string, Sample>,
): Violation[] {
  return [...before].flatMap(([process, then]) => {
    const now = after.get(process);
    if (!now) return [];
    return FIGURES.filter(figure => now[figure] - then[figure] > ALLOWED[figure]).map(figure => ({
      rule: 'nothing leaks',
      what: `${process} had ${then[figure].toFixed(1)} ${figure} before, ${now[figure].toFixed(1)} after`,
      process,
    }));
  });
}
