/** Headers that speak of one connection (RFC 9110, 7.6.1), and `expect`, which asks that connection's other end. */
const OF_ONE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The headers that are for the other end, without those of the one connection and what that names as its own. */
export function endToEnd(fields: readonly string[]): string[] {
  let named: Set<string> | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]!.length !== 10 || fields[at]!.toLowerCase() !== 'connection') continue;
    for (const name of fields[at + 1]!.split(',')) (named ??= new Set()).add(name.trim().toLowerCase());
  }
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at]!.toLowerCase();
    if (!OF_ONE_CONNECTION.has(name) && !named?.has(name)) kept.push(fields[at]!, fields[at + 1]!);
  }
  return kept;
}
