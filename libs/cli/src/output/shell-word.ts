/** Text as one word of a shell, whatever it holds. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_.:,/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
