const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** How long ago, in one unit, for people: `3 h`. */
export function age(at: Date, now: Date): string {
  const ms = Math.max(0, now.getTime() - at.getTime());
  const [unit, size] = UNITS.find(([, size]) => ms >= size) ?? (['s', 1000] as const);
  return `${Math.floor(ms / size)} ${unit}`;
}
