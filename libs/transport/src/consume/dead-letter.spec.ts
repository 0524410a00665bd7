import { assert, constantFrom, oneof, property, string, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEAD_LETTER_HEADERS, deadLetter, lighterLetter, readDeadLetter, type Death } from './dead-letter.js';

const RECORD = {
  key: Buffer.from('k'),
  value: Buffer.from('{"n":1}'),
  headers: { parley: Buffer.from('1 event'), tenant: Buffer.from('blue') },
};
const CAUSE = new TypeError('n is not a name');
const DEATH: Death = {
  service: 'listener',
  handler: 'Orders.onOrder',
  origin: { topic: 'order', partition: 2, offset: 17 },
  attempts: 4,
  cause: CAUSE,
  firstFailedAt: new Date('2026-11-21T10:00:00.000Z'),
  at: new Date('2026-11-21T10:00:02.000Z'),
};

describe('a dead letter', () => {
  it('is read as it was written, its record as it was', () => {
    expect(readDeadLetter(deadLetter(RECORD, DEATH))).toEqual({
      ...DEATH,
      cause: { name: 'TypeError', message: 'n is not a name', stack: CAUSE.stack },
      omitted: [],
      record: RECORD,
    });
  });

  it('tells of whatever was thrown', () => {
    const cause = (thrown: unknown) => readDeadLetter(deadLetter(RECORD, { ...DEATH, cause: thrown }))?.cause;
    expect(cause('no')).toEqual({ name: 'string', message: 'no', stack: undefined });
    expect(cause(undefined)).toEqual({ name: 'undefined', message: 'undefined', stack: undefined });
    expect(cause(Object.create(null))).toMatchObject({ name: 'object' });
    const nameless = Object.assign(new Error('x'), { name: 7, message: { toString: null }, stack: 1 });
    expect(cause(nameless)).toMatchObject({ name: 'Error', message: 'a value that cannot be shown' });
  });

  it('keeps nothing of an earlier death of its record', () => {
    const died = deadLetter(RECORD, DEATH);
    const again = deadLetter(died, { ...DEATH, handler: undefined, cause: 'no' });
    expect(again.headers).not.toHaveProperty(DEAD_LETTER_HEADERS.handler);
    expect(again.headers).not.toHaveProperty(DEAD_LETTER_HEADERS.stack);
  });

  it('says what it goes without where the topic does not take it whole', () => {
    const letter = deadLetter(RECORD, DEATH);
    expect(readDeadLetter(lighterLetter(letter, []))).toMatchObject({ omitted: [], record: RECORD });
    expect(readDeadLetter(lighterLetter(letter, ['headers', 'value', 'key']))).toMatchObject({
      service: 'listener',
      cause: { message: 'n is not a name', stack: undefined },
      omitted: ['headers', 'value', 'key'],
      record: { key: null, value: null, headers: {} },
    });
  });

  it('is told from any other record', () => {
    expect(readDeadLetter(RECORD)).toBeUndefined();
    const letter = deadLetter(RECORD, DEATH);
    assert(
      property(
        constantFrom(...Object.values(DEAD_LETTER_HEADERS)),
        oneof(
          string(),
          uint8Array().map(bytes => Buffer.from(bytes)),
        ),
        (name, value) => {
          const read = readDeadLetter({ ...letter, headers: { ...letter.headers, [name]: value } });
          if (read) expect(Number.isSafeInteger(read.origin.offset + read.attempts)).toBe(true);
        },
      ),
    );
  });
});
