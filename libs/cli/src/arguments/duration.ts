import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `90s`, `30m`, `12h` or `7d`, in ms. */
export function duration(text: string): number {
  const [, count, unit] = /^(\d{1,9})(ms|[smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) {
    throw new InvalidArgumentError('Give a number and a unit: 90s, 30m, 12h or 7d.');
  }
  return Number(count) * UNITS[unit]!;
}
