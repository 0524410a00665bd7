/** Whatever moves a cursor or changes a screen; line ends and tabs, which tables cannot take, among them. */
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * Text of a record as a person may see it. Causes, keys and headers come from outside: what would reach the terminal as
 * a command is written out instead (`\u001b`). Line ends are kept where `lines` allows them.
 */
export function printable(text: string, { lines = true } = {}): string {
  return text.replace(CONTROL, character => {
    if (lines && (character === '\n' || character === '\t')) return character;
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });
}
