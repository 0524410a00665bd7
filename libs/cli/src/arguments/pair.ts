import { InvalidArgumentError } from 'commander';

/** What belongs to a name: `name:value`. */
export type Pair<T = string> = readonly [name: string, value: T];

/** Values that belong to names, of an option that may be given several times, or once with commas: `user:get,user:find`. */
export function pairs(text: string, before: readonly Pair[] = []): Pair[] {
  const read = text.split(',').map((entry): Pair => {
    const [, name, value] = /^\s*([^:\s]+):(.+?)\s*$/.exec(entry) ?? [];
    if (name === undefined || value === undefined)
      throw new InvalidArgumentError('Give a name and what belongs to it: name:value.');
    return [name, value];
  });
  return [...before, ...read];
}

/** The values of each name, in the order in which they were given. */
export function byName<T>(given: readonly Pair<T>[]): Map<string, T[]> {
  const values = new Map<string, T[]>();
  for (const [name, value] of given) values.set(name, [...(values.get(name) ?? []), value]);
  return values;
}
