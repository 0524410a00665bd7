import type { Ratio } from './report.js';

/** What Parley means to reach: its figure as a multiple of another system's. */
export interface Target {
  scenario: string;
  concurrency: number;
  figure: 'rate' | 'p50';
  against: string;
  /** At least, for rates; at most, for latencies. */
  bound: number;
}

export const TARGETS: readonly Target[] = [
  { scenario: 'unary', concurrency: 64, figure: 'rate', against: 'nest-kafka', bound: 6 },
  { scenario: 'unary', concurrency: 64, figure: 'rate', against: 'nest-http', bound: 2.5 },
  { scenario: 'unary', concurrency: 64, figure: 'rate', against: 'nest-grpc', bound: 2.5 },
  { scenario: 'unary', concurrency: 64, figure: 'rate', against: 'kafkajs-floor', bound: 0.8 },
  { scenario: 'unary', concurrency: 256, figure: 'rate', against: 'nest-kafka', bound: 8 },
  { scenario: 'unary', concurrency: 1, figure: 'p50', against: 'kafkajs-floor', bound: 1.3 },
  { scenario: 'unary', concurrency: 1, figure: 'p50', against: 'nest-kafka', bound: 0.7 },
  { scenario: 'slow-handler', concurrency: 64, figure: 'rate', against: 'nest-kafka', bound: 60 },
  { scenario: 'slow-handler', concurrency: 64, figure: 'rate', against: 'nest-http', bound: 0.9 },
  { scenario: 'stream', concurrency: 1, figure: 'rate', against: 'nest-kafka', bound: 40 },
  { scenario: 'stream', concurrency: 1, figure: 'rate', against: 'nest-grpc', bound: 2 },
];

export interface TargetResult extends Target {
  measured: number;
  met: boolean;
}

/** The targets for which the run has both systems' figures. */
export function targetResults(ratios: readonly Ratio[]): TargetResult[] {
  return TARGETS.flatMap(target => {
    const measured = ratios.find(
      ratio =>
        ratio.scenario === target.scenario &&
        ratio.concurrency === target.concurrency &&
        ratio.against === target.against,
    )?.[target.figure];
    if (measured === undefined) return [];
    const met = target.figure === 'rate' ? measured >= target.bound : measured <= target.bound;
    return [{ ...target, measured, met }];
  });
}
