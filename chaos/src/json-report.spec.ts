import { describe, expect, it } from 'vitest';
import type { Journal } from './journal/journal.js';
import { jsonReport } from './json-report.js';

const PARAMETERS = { seed: 4, seconds: 60, driver: 'kafkajs', embedded: false };

const caller: Journal = {
  process: 'caller-1.1',
  entries: [
    { is: 'asked', at: 1_010, question: { call: 'c:1', kind: 'quick' }, withinMs: 10_000 },
    { is: 'ended', at: 1_030.4, call: 'c:1', answers: ['c:1 is answered'] },
    { is: 'asked', at: 1_040, question: { call: 'c:2', kind: 'large', bytes: 9 }, withinMs: 10_000 },
    { is: 'ended', at: 1_050, call: 'c:2', status: 'UNAVAILABLE', message: 'gone' },
    { is: 'acknowledged', at: 1_060, key: 'k', n: 0, partition: 0, offset: 0 },
  ],
};
const outcome = {
  beganAt: 1_000,
  faults: [{ name: 'cut broker 1', from: 1_500, until: 1_700.2 }],
  evidence: {
    callers: [caller],
    servers: [
      {
        process: 'server-1.1',
        entries: [1, 2].map(at => ({ is: 'handled' as const, at, service: 'a', key: 'k', n: 0 })),
      },
    ],
    services: ['a'],
    offsets: [],
    before: new Map(),
    after: new Map(),
    crashes: [],
    underWay: [],
    undone: [],
  },
};

describe('the report for programs', () => {
  it('holds what was asked, what befell, and what came of it, as JSON does', () => {
    const violation = { rule: 'a call ends', what: 'c:3 never ended', from: 1_200, until: 3_000 };
    const report = jsonReport(PARAMETERS, outcome, [violation], '/kept');
    expect(report).toEqual({
      ...PARAMETERS,
      violations: [{ rule: 'a call ends', what: 'c:3 never ended', fromMs: 200, untilMs: 2_000 }],
      faults: [{ name: 'cut broker 1', fromMs: 500, untilMs: 700 }],
      calls: {
        quick: { calls: 1, answered: 1, failed: {}, medianMs: 20, longestMs: 20 },
        large: { calls: 1, answered: 0, failed: { UNAVAILABLE: 1 } },
      },
      events: { acknowledged: 1, refused: {}, handled: 1, handledAgain: 1 },
      folder: '/kept',
    });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});
