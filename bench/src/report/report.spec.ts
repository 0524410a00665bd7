import { describe, expect, it } from 'vitest';
import { environment } from './environment.js';
import { markdown } from './markdown.js';
import { medianRows } from './median.js';
import { plot } from './plot.js';
import { ratiosOf, type Row } from './report.js';
import { targetResults } from './targets.js';

const unary = (system: string, rps: number, p50Ms: number): Row => ({
  system,
  scenario: 'unary',
  concurrency: 64,
  rps,
  p50Ms,
  p99Ms: p50Ms * 2,
  cpuSeconds: 1,
  cpuEachUs: 1e6 / rps,
  rssMb: 200,
});
const elastic = (figures: Partial<Row>): Row => ({
  system: 'parley',
  scenario: 'elastic',
  concurrency: 64,
  ...figures,
});
const failed: Row = { system: 'nest-tcp', scenario: 'unary', concurrency: 64, error: 'a | b\nc' };
const rows = [unary('parley', 12_000, 4), unary('nest-kafka', 1_500, 40), failed];

describe('ratiosOf', () => {
  it('divides parley by each other system that has figures', () => {
    expect(ratiosOf(rows)).toEqual([
      { scenario: 'unary', concurrency: 64, against: 'nest-kafka', rate: 8, p50: 0.1, p99: 0.1 },
    ]);
  });

  it('compares like with like only', () => {
    expect(ratiosOf([unary('parley', 1, 1), { ...unary('nest-http', 1, 1), concurrency: 1 }])).toEqual([]);
  });

  it('has nothing to say where parley failed', () => {
    expect(ratiosOf([{ ...failed, system: 'parley' }, unary('nest-http', 1, 1)])).toEqual([]);
  });
});

describe('targetResults', () => {
  it('holds rates to a lower bound and latencies to an upper one', () => {
    const met = (against: string, concurrency: number, rps: number, p50Ms: number) =>
      targetResults([
        { ...unary('parley', rps, p50Ms), concurrency },
        { ...unary(against, 1, 1), concurrency },
      ]).map(result => result.met);
    expect(met('nest-kafka', 64, 6, 1)).toEqual([true]);
    expect(met('nest-kafka', 64, 5.9, 1)).toEqual([false]);
    expect(met('nest-kafka', 1, 1, 0.7)).toEqual([true]);
    expect(met('nest-kafka', 1, 1, 0.71)).toEqual([false]);
    expect(met('nest-tcp', 64, 1, 1)).toEqual([]);
  });

  it('compares other systems than parley where a target says so', () => {
    const rates = (own: number, other: number) => [
      { ...unary('parley-platformatic', own, 1), concurrency: 256 },
      { ...unary('parley', other, 1), concurrency: 256 },
    ];
    const claim = { subject: 'unary 256 parley-platformatic', claim: 'rate ≥ 1.3× parley' };
    expect(targetResults(rates(13, 10))).toEqual([{ ...claim, measured: '1.3×', met: true }]);
    expect(targetResults(rates(12, 10))).toEqual([{ ...claim, measured: '1.2×', met: false }]);
  });

  it('holds the CPU time of a call to an upper bound', () => {
    const own = (cpuEachUs: number): Row => ({
      ...unary('telemetry-off', 1, 1),
      concurrency: 256,
      cpuEachUs,
    });
    const none: Row = { ...unary('parley', 1, 1), concurrency: 256, cpuEachUs: 100 };
    const met = (cpuEachUs: number) => targetResults([own(cpuEachUs), none]).map(result => result.met);
    expect([met(105), met(106)]).toEqual([[true], [false]]);
  });

  it('compares with another scenario where a target says so', () => {
    const stream = { system: 'parley', scenario: 'stream', concurrency: 1, itemsPerSecond: 100 };
    const many = { ...stream, scenario: 'streams-many', concurrency: 1_000, itemsPerSecond: 60 };
    expect(targetResults([stream, many])).toEqual([
      { subject: 'streams-many 1000', claim: 'rate ≥ 0.5× parley stream', measured: '0.6×', met: true },
    ]);
  });

  it('holds the figures of a fleet to an upper bound of their own', () => {
    const met = (figures: Partial<Row>) => targetResults([elastic(figures)]).map(result => result.met);
    expect(met({ failed: 0, lost: 0, duplicated: 0, longestPauseMs: 1_000 })).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(met({ lost: 1 })).toEqual([false]);
    expect(met({ longestPauseCallersMs: 100.5 })).toEqual([false]);
  });

  it('holds nobody to a time in which the cluster had no leader', () => {
    const met = (timeToNextAnswerMs: number, electionMs: number) =>
      targetResults([
        { system: 'parley', scenario: 'recovery-broker', concurrency: 64, timeToNextAnswerMs, electionMs },
      ]).map(result => result.met);
    expect(met(1_900, 1_000)).toEqual([true]);
    expect(met(2_100, 1_000)).toEqual([false]);
    expect(met(5_400, 4_900)).toEqual([]);
  });

  it('says nothing of what failed', () => {
    expect(targetResults([{ ...failed, system: 'parley' }, unary('nest-kafka', 1, 1)])).toEqual([]);
  });
});

describe('medianRows', () => {
  it('takes the middle of several rounds by rate', () => {
    const rounds = [unary('parley', 5, 1), unary('parley', 9, 2), unary('parley', 7, 3)];
    expect(medianRows(rounds)).toEqual([rounds[2]]);
  });

  it('takes the middle by latency where there is no rate', () => {
    const start = (p50Ms: number): Row => ({ system: 'parley', scenario: 'startup', concurrency: 1, p50Ms });
    expect(medianRows([start(30), start(10), start(20)])).toEqual([start(20)]);
  });

  it('takes the worst of each figure of a fleet', () => {
    const rounds = [
      elastic({ rps: 9, failed: 1, lost: 0, longestPauseMs: 5, note: 'one' }),
      elastic({ rps: 7, failed: 0, lost: 2, longestPauseMs: 8, electionMs: 4, note: 'two' }),
      elastic({ rps: 8, failed: 0, lost: 0, longestPauseMs: 6, electionMs: 3 }),
    ];
    expect(medianRows(rounds)).toEqual([
      elastic({ rps: 7, failed: 1, lost: 2, longestPauseMs: 8, electionMs: 4, note: 'one / two' }),
    ]);
  });

  it('lets no success hide a failure', () => {
    expect(medianRows([unary('nest-tcp', 5, 1), failed, unary('nest-tcp', 7, 1)])).toEqual([failed]);
  });
});

describe('markdown', () => {
  const page = markdown({ environment: environment('a Kafka', 4), rows, ratios: ratiosOf(rows) });

  it('shows figures, ratios and targets', () => {
    expect(page).toContain('| unary | 64 | **parley** | 12,000 | 4 | 8 | 1 | 83.3 | 200 |  |');
    expect(page).toContain('| unary | 64 | nest-kafka | 8 | 0.1 | 0.1 |');
    expect(page).toContain('| unary 64 | rate ≥ 6× nest-kafka | 8× | yes |');
  });

  it('shows fleets in a table of their own', () => {
    const fleet = elastic({ failed: 1, lost: 0, duplicated: 2, longestPauseMs: 1_234.5 });
    const page = markdown({ environment: environment('a Kafka', 4), rows: [...rows, fleet], ratios: [] });
    expect(page).toContain('| elastic | 64 | **parley** |  | 1 | 0 | 2 | 1,235 |  |  |  |  |');
    expect(page).toContain('| elastic 64 | longestPauseMs ≤ 1,000 | 1,235 | no |');
    expect(page.match(/^\| elastic \| /gm)).toHaveLength(1);
  });

  it('keeps what a failure said within its cell', () => {
    expect(page).toContain('| failed: a \\| b c |');
  });
});

describe('plot', () => {
  it('makes an SVG that stands alone, with a mark for each system that has a rate', () => {
    const svg = plot(rows);
    expect(svg).toMatch(/^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg).toContain('12,000');
  });
});
