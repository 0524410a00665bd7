export type GivenHeaders =
  | Record<string, string | string[] | undefined>
  | string[]
  | Iterable<[string, string | string[] | undefined]>
  | null
  | undefined;

/** Headers as undici's callers give them, as names and values by turns. */
export function fieldsOf(headers: GivenHeaders): string[] {
  if (!headers) return [];
  if (Array.isArray(headers)) {
    if (headers.every(part => typeof part === 'string')) return headers;
    return fromEntries(headers as unknown as Iterable<[string, string]>);
  }
  if (typeof (headers as Iterable<unknown>)[Symbol.iterator] === 'function') {
    return fromEntries(headers as Iterable<[string, string]>);
  }
  return fromEntries(Object.entries(headers as Record<string, string | string[] | undefined>));
}

function fromEntries(entries: Iterable<[string, string | string[] | undefined]>): string[] {
  const fields: string[] = [];
  for (const [name, value] of entries) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) fields.push(name, one);
  }
  return fields;
}
