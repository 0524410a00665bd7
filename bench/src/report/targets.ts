import { rateOf, type Row, SUBJECT } from './report.js';

interface Measured {
  scenario: string;
  concurrency: number;
  /** Default: parley. */
  system?: string;
}

/** A figure as a multiple of another system's: at least `bound` for rates, at most for latencies and CPU time. */
export interface RelativeTarget extends Measured {
  figure: 'rate' | 'p50' | 'cpuEachUs';
  against: string;
  /** The other's scenario and number of callers, where they are not the same. */
  of?: Omit<Measured, 'system'>;
  bound: number;
}

/** A figure on its own. */
export interface AbsoluteTarget extends Measured {
  figure:
    | 'failed'
    | 'lost'
    | 'duplicated'
    | 'longestPauseMs'
    | 'longestPauseCallersMs'
    | 'timeToNextAnswerMs'
    | 'serverGrowthMb'
    | 'clientGrowthMb';
  atMost: number;
  /** Held to it only where this is so. */
  where?: (row: Row) => boolean;
}

export type Target = RelativeTarget | AbsoluteTarget;

const streamsMany = { scenario: 'streams-many', concurrency: 1_000 };
const slowSubscriber = { scenario: 'slow-subscriber', concurrency: 1 };
const elastic = { scenario: 'elastic', concurrency: 64 };
const server = { scenario: 'recovery-server', concurrency: 64 };
const broker = { scenario: 'recovery-broker', concurrency: 64 };

/** What Parley means to reach. */
export const TARGETS: readonly Target[] = [
  { scenario: 'unary', concurrency: 64, figure: 'rate', against: 'nest-kafka', bound: 6 },
  { scenario: 'unary', concurrency: 64, figure: 'rate', against: 'nest-http', bound: 2.5 },
  { scenario: 'unary', concurrency: 64, figure: 'rate', against: 'nest-grpc', bound: 2.5 },
  { scenario: 'unary', concurrency: 64, figure: 'rate', against: 'kafkajs-floor', bound: 0.9 },
  { scenario: 'unary', concurrency: 256, figure: 'rate', against: 'nest-kafka', bound: 8 },
  { scenario: 'unary', concurrency: 256, figure: 'rate', against: 'kafkajs-floor', bound: 1 },
  {
    system: 'parley-platformatic',
    scenario: 'unary',
    concurrency: 256,
    figure: 'rate',
    against: 'parley',
    bound: 1.3,
  },
  {
    system: 'http-bridge',
    scenario: 'unary',
    concurrency: 64,
    figure: 'rate',
    against: 'nest-http',
    bound: 1.5,
  },
  {
    system: 'telemetry-off',
    scenario: 'unary',
    concurrency: 256,
    figure: 'cpuEachUs',
    against: 'parley',
    bound: 1.05,
  },
  { scenario: 'unary', concurrency: 1, figure: 'p50', against: 'kafkajs-floor', bound: 1.3 },
  { scenario: 'unary', concurrency: 1, figure: 'p50', against: 'nest-kafka', bound: 0.7 },
  { scenario: 'slow-handler', concurrency: 64, figure: 'rate', against: 'nest-kafka', bound: 60 },
  { scenario: 'slow-handler', concurrency: 64, figure: 'rate', against: 'nest-http', bound: 0.9 },
  { scenario: 'stream', concurrency: 1, figure: 'rate', against: 'nest-kafka', bound: 40 },
  { scenario: 'stream', concurrency: 1, figure: 'rate', against: 'nest-grpc', bound: 2 },
  { scenario: 'stream', concurrency: 1, figure: 'rate', against: 'nest-tcp', bound: 0.8 },
  { ...streamsMany, figure: 'lost', atMost: 0 },
  {
    ...streamsMany,
    figure: 'rate',
    against: 'parley',
    of: { scenario: 'stream', concurrency: 1 },
    bound: 0.5,
  },
  { ...slowSubscriber, figure: 'serverGrowthMb', atMost: 64 },
  { ...slowSubscriber, figure: 'clientGrowthMb', atMost: 64 },
  {
    scenario: 'unary-beside-streams',
    concurrency: 64,
    figure: 'rate',
    against: 'parley',
    of: { scenario: 'unary', concurrency: 64 },
    bound: 0.8,
  },
  { scenario: 'burst-events', concurrency: 1_000, figure: 'rate', against: 'kafkajs-floor', bound: 0.6 },
  { scenario: 'keyed-events', concurrency: 1_000, figure: 'rate', against: 'nest-kafka', bound: 100 },
  { ...elastic, figure: 'failed', atMost: 0 },
  { ...elastic, figure: 'lost', atMost: 0 },
  { ...elastic, figure: 'duplicated', atMost: 0 },
  { ...elastic, figure: 'longestPauseMs', atMost: 1_000 },
  { ...elastic, figure: 'longestPauseCallersMs', atMost: 100 },
  { ...server, figure: 'timeToNextAnswerMs', atMost: 7_000 },
  {
    ...broker,
    figure: 'timeToNextAnswerMs',
    atMost: 2_000,
    // No transport answers before the cluster has elected, which now and then takes it five seconds.
    where: ({ electionMs = 0 }) => electionMs < 1_500,
  },
];

/** A target and what a run showed of it, in words. */
export interface TargetResult {
  /** Scenario and number of callers, and the system where it is not parley. */
  subject: string;
  claim: string;
  measured: string;
  met: boolean;
}

/** The targets for which the run has the figures. */
export function targetResults(rows: readonly Row[]): TargetResult[] {
  return TARGETS.flatMap(target => {
    const row = rowOf(rows, target);
    if (!row) return [];
    const subject = `${target.scenario} ${target.concurrency}${target.system ? ` ${target.system}` : ''}`;
    if ('against' in target) {
      const other = rowOf(rows, { ...target, ...target.of, system: target.against });
      return other ? relative(subject, target, row, other) : [];
    }
    const measured = row[target.figure];
    if (measured === undefined || target.where?.(row) === false) return [];
    return [
      {
        subject,
        claim: `${target.figure} ≤ ${target.atMost.toLocaleString('en')}`,
        measured: Math.round(measured).toLocaleString('en'),
        met: measured <= target.atMost,
      },
    ];
  });
}

const FIGURES = {
  rate: rateOf,
  p50: (row: Row) => row.p50Ms,
  cpuEachUs: (row: Row) => row.cpuEachUs,
};

function relative(subject: string, target: RelativeTarget, row: Row, other: Row): TargetResult[] {
  const figure = (of: Row) => FIGURES[target.figure](of);
  const [own, others] = [figure(row), figure(other)];
  if (own === undefined || !others) return [];
  const factor = own / others;
  const least = target.figure === 'rate';
  return [
    {
      subject,
      claim: `${target.figure} ${least ? '≥' : '≤'} ${target.bound}× ${target.against}${target.of ? ` ${target.of.scenario}` : ''}`,
      measured: `${factor.toLocaleString('en', { maximumSignificantDigits: 3 })}×`,
      met: least ? factor >= target.bound : factor <= target.bound,
    },
  ];
}

function rowOf(rows: readonly Row[], { scenario, concurrency, system = SUBJECT }: Measured): Row | undefined {
  return rows.find(
    row =>
      row.scenario === scenario && row.concurrency === concurrency && row.system === system && !row.error,
  );
}
