import { FIGURES, type Sample } from '@parley/tools/processes';
import { median, rise, slope } from './trend.js';

/** A sample and when it was taken, in minutes. */
export interface TimedSample extends Sample {
  at: number;
}

/** How one figure of one process went. */
export interface Growth {
  figure: keyof Sample;
  /** Median of the first and of the last third of the settled samples. */
  first: number;
  last: number;
  perMinute: number;
  /** What the slope comes to from the first settled sample to the last. */
  total: number;
  /** Standard deviations by which rises outnumber falls. */
  rise: number;
  grew: boolean;
}

/** Caches fill, code is compiled and pools find their size: this part of a run is not judged. */
const UNSETTLED = 0.2;

/** Fewer settled samples than this can show no growth: even five in order are within what chance explains. */
export const LEAST_SETTLED = 6;

/** One-sided, 1 %. */
const SIGNIFICANT = 2.33;

/**
 * What is no growth, however significant. Memory: what allocators and compiled code may come to; at 2,000 calls a
 * second for ten minutes, two megabytes of heap are less than two bytes a call. Sockets and handles: less than one.
 */
const ALLOWED: Readonly<Record<keyof Sample, number>> = { rssMb: 10, heapMb: 2, sockets: 0.5, handles: 0.5 };

/** The samples that are judged. */
export function settled<T>(samples: readonly T[]): T[] {
  return samples.slice(Math.ceil(samples.length * UNSETTLED));
}

/**
 * Judges each figure: it grew where its slope over the settled samples comes to more than is allowed and rises
 * outnumber falls by more than chance explains. Either alone is noise: a jump that went away, or a crawl.
 */
export function growths(samples: readonly TimedSample[]): Growth[] {
  const judged = settled(samples);
  const third = Math.ceil(judged.length / 3);
  const minutes = (judged.at(-1)?.at ?? 0) - (judged[0]?.at ?? 0);
  return FIGURES.map(figure => {
    const values = judged.map(sample => sample[figure]);
    const points = judged.map(sample => ({ at: sample.at, value: sample[figure] }));
    const perMinute = slope(points);
    const total = perMinute * minutes;
    const significance = rise(points);
    return {
      figure,
      first: median(values.slice(0, third)),
      last: median(values.slice(-third)),
      perMinute,
      total,
      rise: significance,
      grew: total > ALLOWED[figure] && significance > SIGNIFICANT,
    };
  });
}
