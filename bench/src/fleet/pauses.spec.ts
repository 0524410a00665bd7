import { describe, expect, it } from 'vitest';
import { CallLog, type CallRecords, type Outcome } from './call-log.js';
import { answerTimes, longestPause, longestWait, slowestCall } from './pauses.js';

type Call = [caller: number, asked: number, ended?: number, outcome?: Outcome];

function calls(...all: Call[]): CallRecords {
  const log = new CallLog();
  for (const [caller, asked, ended, outcome = 'answered'] of all) {
    const call = log.asked(caller, asked);
    if (ended !== undefined) log.ended(call, ended, outcome);
  }
  return log.read();
}

describe('answerTimes', () => {
  it('merges the answers of all processes in order, without what was none', () => {
    const one = calls([0, 0, 9], [1, 0, 2], [0, 9, 12, 'failed'], [0, 12]);
    const other = calls([0, 0, 5], [0, 5, 30, 'lost'], [0, 5, 10, 'wrong']);
    expect([...answerTimes([one, other])]).toEqual([2, 5, 9]);
  });
});

describe('longestPause', () => {
  const times = Float64Array.of(10, 12, 40, 45, 90);

  it('is the longest time between two answers', () => {
    expect(longestPause(times, { from: 5, until: 50 })).toEqual({ from: 12, until: 40 });
  });

  it('reaches to the ends of the span, and not beyond', () => {
    expect(longestPause(times, { from: 45, until: 200 })).toEqual({ from: 90, until: 200 });
    expect(longestPause(times, { from: 13, until: 20 })).toEqual({ from: 13, until: 20 });
  });

  it('is the whole span where there was no answer', () => {
    expect(longestPause(Float64Array.of(), { from: 1, until: 2 })).toEqual({ from: 1, until: 2 });
  });
});

describe('longestWait', () => {
  it('counts from the given time on: a call that was open then has waited from then', () => {
    expect(longestWait([calls([0, 0, 150])], 100)).toEqual({ from: 100, until: 150 });
  });

  it('is that of the one caller who waited longest, whatever the others got', () => {
    const fast: Call[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(n => [1, n * 10, n * 10 + 10]);
    expect(longestWait([calls([0, 20, 30], [0, 30, 95], ...fast)], 0)).toEqual({ from: 30, until: 95 });
  });

  it('goes on through failures, to the next answer', () => {
    const failing = calls([0, 0, 10], [0, 10, 20, 'failed'], [0, 20, 40, 'failed'], [0, 40, 70], [0, 70, 80]);
    expect(longestWait([failing], 5)).toEqual({ from: 10, until: 70 });
  });

  it('ends with the last call of a caller who never got another answer', () => {
    expect(longestWait([calls([0, 0, 10], [0, 10, 60, 'failed'])], 0)).toEqual({ from: 10, until: 60 });
  });

  it('keeps callers of two processes apart', () => {
    expect(longestWait([calls([0, 0, 30]), calls([0, 0, 10], [0, 10, 35])], 0)).toEqual({
      from: 0,
      until: 30,
    });
  });
});

describe('slowestCall', () => {
  it('is the answered call that took longest, of those that ended within the span', () => {
    const all = calls([0, 0, 50], [1, 60, 80], [0, 50, 95], [1, 80, 85], [1, 85, 99, 'failed']);
    expect(slowestCall([all], { from: 60, until: 90 })).toEqual({ from: 60, until: 80 });
  });
});
