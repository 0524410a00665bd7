import type { Dice } from './dice.js';

/** Numbers that a length, a count or an offset should not be. */
const NUMBERS = [
  '-1',
  '0',
  '1',
  '2147483647',
  '2147483648',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '-9007199254740991',
  '99999999999999999999',
  '1e9',
  '0x10',
  'NaN',
  'Infinity',
  '',
];

/** The bytes with something wrong: bits flipped, cut off, repeated, or put together with others of their kind. */
export function mutated(dice: Dice, bytes: Buffer, others: readonly Buffer[]): Buffer {
  if (bytes.length === 0) return dice.bytes(dice.below(64));
  const from = dice.below(bytes.length);
  switch (dice.below(6)) {
    case 0:
      return flipped(dice, bytes);
    case 1:
      return bytes.subarray(0, from);
    case 2:
      return Buffer.concat([bytes, bytes.subarray(from)]);
    case 3: {
      const other = dice.pick(others);
      return Buffer.concat([bytes.subarray(0, from), other.subarray(dice.below(other.length + 1))]);
    }
    case 4: {
      // A length or a count of four bytes, wherever it may be.
      const wrong = Buffer.from(bytes);
      if (bytes.length >= 4)
        wrong.writeUInt32BE(
          dice.pick([0, 0x7fffffff, 0xffffffff, 0x80000000]),
          Math.min(from, bytes.length - 4),
        );
      return wrong;
    }
    default:
      return Buffer.concat([bytes.subarray(0, from), dice.bytes(dice.below(32)), bytes.subarray(from)]);
  }
}

/** A header's line with fields that are missing, doubled, out of range or somebody else's. `kept`: left as they are. */
export function mutatedLine(dice: Dice, line: string, kept: number): string {
  const fields = line.split(' ');
  const times = 1 + dice.below(2);
  for (let time = 0; time < times; time += 1) {
    const at = kept + dice.below(Math.max(1, fields.length - kept));
    switch (dice.below(5)) {
      case 0:
        fields.splice(at, 1);
        break;
      case 1:
        fields.splice(at, 0, fields[at] ?? '');
        break;
      case 2:
        fields[at] = dice.bytes(1 + dice.below(20)).toString('latin1');
        break;
      default:
        fields[at] = dice.pick(NUMBERS);
    }
  }
  return fields.join(' ');
}

function flipped(dice: Dice, bytes: Buffer): Buffer {
  const wrong = Buffer.from(bytes);
  const times = 1 + dice.below(4);
  for (let time = 0; time < times; time += 1) wrong[dice.below(wrong.length)]! ^= 1 << dice.below(8);
  return wrong;
}
