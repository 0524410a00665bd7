/** Values of an option that may be given several times, or once with commas. */
export function list(text: string, before: readonly string[] = []): string[] {
  const values = text.split(',').map(value => value.trim());
  return [...before, ...values.filter(value => value !== '')];
}
