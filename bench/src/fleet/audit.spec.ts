import { describe, expect, it } from 'vitest';
import { audit } from './audit.js';
import { CallLog, type CallRecords, type Outcome, OUTCOMES } from './call-log.js';
import { Handlings } from './handlings.js';
import { question } from './question.js';

/** Calls that ended like this; undefined: not at all. */
function calls(...outcomes: (Outcome | undefined)[]): CallRecords {
  const log = new CallLog();
  for (const outcome of outcomes) {
    const call = log.asked(0, 0);
    if (outcome) log.ended(call, 1, outcome);
  }
  return log.read();
}

function handled(process: number, ...numbers: number[]) {
  const handlings = new Handlings();
  for (const call of numbers) handlings.add(question(process, call));
  return handlings.take();
}

describe('audit', () => {
  it('counts each ending once, over all processes', () => {
    const records = new Map([
      [1, calls('answered', 'failed', 'lost', 'wrong')],
      [2, calls('answered', undefined)],
    ]);
    expect(audit(records, [])).toEqual({
      calls: 6,
      answered: 2,
      failed: 2,
      lost: 2,
      duplicated: 0,
      wrong: 1,
    });
  });

  it('takes for duplicated what was answered twice, or answered once and handled twice', () => {
    const records = new Map([[1, calls('repeated', 'answered', 'answered', 'answered')]]);
    const servers = [handled(1, 0, 1, 2), handled(1, 1, 3, 3)];
    expect(audit(records, servers).duplicated).toBe(3);
    expect(audit(records, servers).answered).toBe(4);
  });

  it('takes a call that got no answer for no duplicate, however often it was handled', () => {
    expect(audit(new Map([[1, calls('failed', 'lost')]]), [handled(1, 0, 0, 1, 1)]).duplicated).toBe(0);
  });

  it('mixes up no processes', () => {
    const records = new Map([
      [1, calls('answered')],
      [2, calls('answered')],
    ]);
    expect(audit(records, [handled(1, 0), handled(1, 0), handled(2, 0)]).duplicated).toBe(1);
  });
});

describe('Handlings', () => {
  it('counts calls beyond any room it had, and begins anew when taken', () => {
    const handlings = new Handlings();
    for (const call of [0, 4_095, 4_096, 1_000_000, 4_096]) handlings.add(question(3, call));
    const counts = handlings.take().get(3);
    expect([0, 1, 4_095, 4_096, 1_000_000].map(call => counts?.[call])).toEqual([1, 0, 1, 2, 1]);
    expect(handlings.take().size).toBe(0);
  });
});

describe('CallLog', () => {
  it('keeps every call, however many', () => {
    const log = new CallLog();
    for (let call = 0; call < 10_000; call++) log.ended(log.asked(call % 64, call), call + 1, 'answered');
    const { caller, askedAt, endedAt, outcome } = log.read();
    expect([caller[65], askedAt[65], endedAt[65], outcome[65]]).toEqual([
      1,
      65,
      66,
      OUTCOMES.indexOf('answered'),
    ]);
    expect([caller.length, caller[9_999], askedAt[9_999], endedAt[9_999]]).toEqual([
      10_000,
      9_999 % 64,
      9_999,
      10_000,
    ]);
  });
});
