/** A row's note: what there is to say, and the errors that calls failed with. */
export function noteOf(...parts: readonly (string | false | ReadonlyMap<string, number>)[]): string {
  return parts
    .flatMap(part => {
      if (part === false || part === '') return [];
      if (typeof part === 'string') return [part];
      return [...part].map(([error, count]) => `${count}x ${error}`);
    })
    .join('; ');
}
