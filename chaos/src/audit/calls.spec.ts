import { describe, expect, it } from 'vitest';
import type { Ended, Entry } from '../journal/entry.js';
import { answerTo, noted, type Question } from '../load/question.js';
import { auditCalls } from './calls.js';

const quick: Question = { call: 'c/0:1', kind: 'quick' };
const large: Question = { call: 'c/0:2', kind: 'large', bytes: 10_000 };
const stream: Question = { call: 'c/0:3', kind: 'stream', items: 10, everyMs: 100 };

const asked = (question: Question, at = 0): Entry => ({ is: 'asked', at, question, withinMs: 10_000 });
const ended = (question: Question, ending: Partial<Ended>): Entry => ({
  is: 'ended',
  at: 5,
  call: question.call,
  ...ending,
});
const over: Entry = { is: 'over', at: 100_000 };

function rulesBroken(entries: Entry[], killedAt?: number): string[] {
  const journal = { process: 'caller-1.1', entries, ...(killedAt !== undefined && { killedAt }) };
  return auditCalls(journal).map(({ rule, what }) => `${rule}: ${what}`);
}

describe('the audit of calls', () => {
  it.each<[string, Entry[]]>([
    ['was answered', [asked(quick), ended(quick, { answers: [answerTo(quick)] })]],
    ['had a large answer', [asked(large), ended(large, { answers: [noted(answerTo(large))] })]],
    ['failed as calls may', [asked(quick), ended(quick, { status: 'UNAVAILABLE', message: 'gone' })]],
    ['ended at its deadline', [asked(quick), ended(quick, { at: 10_900, status: 'DEADLINE_EXCEEDED' })]],
    ['was a whole stream', [asked(stream), ended(stream, { runs: [[0, 9]] })]],
    ['was a stream without items', [asked({ ...stream, items: 0 }), ended(stream, { runs: [] })]],
    [
      'was a stream that broke off',
      [asked(stream), ended(stream, { runs: [[0, 3]], status: 'UNAVAILABLE' })],
    ],
  ])('finds nothing where a call %s', (_, entries) => {
    expect(rulesBroken([...entries, over])).toEqual([]);
  });

  it.each<[string, Entry[]]>([
    ['a call ends: quick c/0:1 (within 10.0 s) never ended', [asked(quick)]],
    [
      'a call ends once: c/0:1 ended a second time',
      [asked(quick), ...Array(2).fill(ended(quick, { answers: [answerTo(quick)] }))],
    ],
    ['a call ends once: c/0:1 ended, and was never made', [ended(quick, { answers: [answerTo(quick)] })]],
    [
      'a call ends once: quick c/0:1 was answered, and failed UNAVAILABLE: gone',
      [asked(quick), ended(quick, { answers: [answerTo(quick)], status: 'UNAVAILABLE', message: 'gone' })],
    ],
    [
      'a call has one answer: quick c/0:1 completed without any',
      [asked(quick), ended(quick, { answers: [] })],
    ],
    [
      'a call has one answer: quick c/0:1 has 2 answers',
      [asked(quick), ended(quick, { answers: [answerTo(quick), answerTo(quick)] })],
    ],
    [
      'an answer is right: quick c/0:1 was answered c/0:9 is answered',
      [asked(quick), ended(quick, { answers: ['c/0:9 is answered'] })],
    ],
    [
      'an answer is right: large c/0:2 was answered short',
      [asked(large), ended(large, { answers: ['short'] })],
    ],
    [
      'a failure says UNAVAILABLE or DEADLINE_EXCEEDED: quick c/0:1 failed INTERNAL: oh',
      [asked(quick), ended(quick, { status: 'INTERNAL', message: 'oh' })],
    ],
    [
      'a call ends in time: quick c/0:1 (within 10.0 s) ended 0.5 s too late, DEADLINE_EXCEEDED: late',
      [asked(quick), ended(quick, { at: 11_500, status: 'DEADLINE_EXCEEDED', message: 'late' })],
    ],
    [
      'items are in order: stream c/0:3 got 0-3, 5-9 of 10 items',
      [
        asked(stream),
        ended(stream, {
          runs: [
            [0, 3],
            [5, 9],
          ],
        }),
      ],
    ],
    [
      'items are in order: stream c/0:3 got 0-3, 3-9 of 10 items',
      [
        asked(stream),
        ended(stream, {
          runs: [
            [0, 3],
            [3, 9],
          ],
        }),
      ],
    ],
    [
      'items are in order: stream c/0:3 got 1-9 of 10 items',
      [asked(stream), ended(stream, { runs: [[1, 9]] })],
    ],
    [
      'items are in order: stream c/0:3 got 0-10 of 10 items',
      [asked(stream), ended(stream, { runs: [[0, 10]] })],
    ],
    [
      'an item is right: stream c/0:3 got x',
      [asked(stream), ended(stream, { runs: [[0, 9]], strays: ['x'] })],
    ],
    [
      'a stream is whole: stream c/0:3 completed with 0-3 of 10 items',
      [asked(stream), ended(stream, { runs: [[0, 3]] })],
    ],
    [
      'a failure says UNAVAILABLE or DEADLINE_EXCEEDED: stream c/0:3 failed DATA_LOSS: gap (after 4 of 10 items)',
      [asked(stream), ended(stream, { runs: [[0, 3]], status: 'DATA_LOSS', message: 'gap' })],
    ],
    [
      'a call ends in time: stream c/0:3 (within 10.0 s) ended 1.0 s too late, well',
      [asked(stream), ended(stream, { at: 42_000, runs: [[0, 9]] })],
    ],
  ])('finds that %s', (expected, entries) => {
    expect(rulesBroken([...entries, over])).toEqual([expected]);
  });

  it('leaves out what was open when its process was killed, unless its time was over already', () => {
    expect(rulesBroken([asked(quick)], 10_500)).toEqual([]);
    expect(rulesBroken([asked(quick)], 11_500)).toHaveLength(1);
  });
});
