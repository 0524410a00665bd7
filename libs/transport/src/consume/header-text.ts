/** A header's text as a whole number from 0 to 2^53 - 1; undefined for anything else. */
export function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A header's text as a time; undefined for anything else. */
export function time(text: string | undefined): Date | undefined {
  const value = new Date(text ?? Number.NaN);
  return Number.isNaN(value.getTime()) ? undefined : value;
}
