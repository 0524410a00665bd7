/** A value at a time. */
export interface Point {
  at: number;
  value: number;
}

/**
 * The Theil-Sen slope: the median of the slopes between all pairs of points. Up to 29 % of the points may be far off
 * without moving it much, which is why it is taken here: one sample in the middle of a collection is no growth.
 */
export function slope(points: readonly Point[]): number {
  return median(
    pairs(points).flatMap(([a, b]) => (a.at === b.at ? [] : (b.value - a.value) / (b.at - a.at))),
  );
}

/**
 * The Mann-Kendall statistic: by how many standard deviations there are more rises than falls among all pairs of
 * points, in order of time. Without a trend it is above 2.33 once in a hundred times, however the values are spread.
 */
export function rise(points: readonly Point[]): number {
  const sum = pairs(points.toSorted((a, b) => a.at - b.at)).reduce(
    (rises, [a, b]) => rises + Math.sign(b.value - a.value),
    0,
  );
  const spread = (n: number) => (n * (n - 1) * (2 * n + 5)) / 18;
  const tied = new Map<number, number>();
  for (const { value } of points) tied.set(value, (tied.get(value) ?? 0) + 1);
  const variance = [...tied.values()].reduce((all, n) => all - spread(n), spread(points.length));
  return variance > 0 ? (sum - Math.sign(sum)) / Math.sqrt(variance) : 0;
}

/** 0 where there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

function pairs<T>(all: readonly T[]): [T, T][] {
  return all.flatMap((a, index) => all.slice(index + 1).map((b): [T, T] => [a, b]));
}
