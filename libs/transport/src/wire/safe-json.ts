import { WireError } from './wire-error.js';

/** How deep JSON may nest, unless an option says otherwise: what walks a value by recursion goes that deep. */
export const MAX_JSON_DEPTH = 1000;

/** A key that gives an object another prototype wherever a program copies it by assignment. */
const PROTOTYPE = '__proto__';
/** Letters of that key may be escaped. */
const ESCAPED_LETTER = /\\u00[567]/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Of brackets and braces alike: they differ in this bit. */
const BRACE_BIT = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

export type Reviver = (key: string, value: unknown) => unknown;

/**
 * JSON.parse for text that anybody may have written. Raises SyntaxError for what is no JSON, and WireError for what is
 * not to be held: JSON that nests deeper than `maxDepth`, or has a key `__proto__`.
 */
export function parseJson(text: string, maxDepth = MAX_JSON_DEPTH, reviver?: Reviver): unknown {
  // A text that is shorter than that cannot nest so deep.
  if (text.length > 2 * maxDepth && nestsDeeper(text, maxDepth))
    throw new WireError(`the JSON nests deeper than ${maxDepth} (maxJsonDepth)`);
  const suspect = text.includes(PROTOTYPE) || (text.includes('\\u00') && ESCAPED_LETTER.test(text));
  return JSON.parse(text, suspect ? guarded(reviver) : reviver);
}

function guarded(reviver: Reviver = (_key, value) => value): Reviver {
  return function (this: unknown, key, value) {
    if (key === PROTOTYPE) throw new WireError(`the JSON has a key ${PROTOTYPE}`);
    return reviver.call(this, key, value);
  };
}

function nestsDeeper(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if ((code | BRACE_BIT) === OPENING) depth += 1;
    else if ((code | BRACE_BIT) === CLOSING) depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}

/** Where the string that begins at `from` ends: strings are skipped, not read. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((end - first) % 2 === 0) return end;
  }
  return text.length;
}
