import { WireError } from './wire-error.js';

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The text as an id. Raises WireError for anything else; `field` names it in the message. */
export function id(text: string | undefined, field: string): string {
  if (text === undefined || !ID.test(text)) throw new WireError(`${field} ${shown(text)} is not an id`);
  return text;
}

/** A whole number from 0 to 2^53 - 1, in decimal digits. */
export function count(text: string | undefined, field: string): number {
  const value = text === undefined || !/^\d{1,16}$/.test(text) ? Number.NaN : Number(text);
  if (!Number.isSafeInteger(value)) throw new WireError(`${field} ${shown(text)} is not a whole number`);
  return value;
}

const PLAIN_WORD = /^[!-$&-~]+$/;

/** Any text as one word of printable ASCII, percent-encoded only where it must be. */
export function word(text: string): string {
  if (PLAIN_WORD.test(text)) return text;
  return text === '' ? '%' : encodeURIComponent(text.toWellFormed());
}

/** The text that `word` wrote. */
export function unword(text: string | undefined, field: string): string {
  if (text === undefined || text === '') throw new WireError(`the ${field} is missing`);
  if (!text.includes('%')) return text;
  if (text === '%') return '';
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new WireError(`${field} ${shown(text)} is not percent-encoded text`, { cause });
  }
}

/** A field as an error message may show it. */
export function shown(text: string | undefined): string {
  return text === undefined ? '(missing)' : JSON.stringify(text.slice(0, 80));
}
