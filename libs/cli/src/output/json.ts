/** One JSON value and a line end: what `--json` writes, and all that it writes to standard output. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
