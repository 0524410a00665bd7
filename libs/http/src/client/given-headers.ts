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

/** The value of a header, by its name in small letters. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]!.length === name.length && fields[at]!.toLowerCase() === name) return fields[at + 1];
  }
  return undefined;
}

function fromEntries(entries: Iterable<[string, string | string[] | undefined]>): string[] {
  const fields: string[] = [];
  for (const [name, value] of entries) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) fields.push(name, one);
  }
  return fields;
}
