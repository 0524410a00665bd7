import { describe, expect, it } from 'vitest';
import { violationLines } from './report.js';

describe('the report', () => {
  it('says what was violated, when, and which faults there were then', () => {
    const violation = {
      rule: 'a call ends',
      what: 'c:1 never ended',
      process: 'caller-1.1',
      from: 12_000,
      until: 14_000,
    };
    const faults = [
      { name: 'long before', from: 1_000, until: 2_000 },
      { name: 'just before', from: 8_000, until: 9_000 },
      { name: 'meanwhile', from: 13_000, until: 20_000 },
      { name: 'after', from: 15_000, until: 16_000 },
    ];
    expect(violationLines([violation], faults, 1_000)).toEqual([
      'VIOLATED: a call ends (1 times)',
      ' caller-1.1 from 11.00 to 13.00 s: c:1 never ended',
      '      just before, from 7.00 to 8.00 s:',
      '      meanwhile, from 12.00 to 19.00 s:',
    ]);
  });

  it('shows some of many', () => {
    const lines = violationLines(
      Array.from({ length: 25 }, () => ({ rule: 'a call ends', what: 'x' })),
      [],
      0,
    );
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe('  and 15 more');
  });
});
