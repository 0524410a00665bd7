import { callFigures, eventFigures, type KindFigures } from './audit/figures.js';
import type { Violation } from './audit/violation.js';
import type { Outcome } from './outcome.js';

/** What a run was asked for. */
export interface RunParameters {
  seed: number;
  seconds: number;
  driver: string;
  embedded: boolean;
}

/** What came of a run, for programs. Times are in ms from the storm's beginning. */
export interface JsonReport extends RunParameters {
  violations: (Omit<Violation, 'from' | 'until'> & { fromMs?: number; untilMs?: number })[];
  faults: { name: string; fromMs: number; untilMs: number }[];
  /** By their kinds; `failed` by status. */
  calls: Record<string, CallsReport>;
  events: { acknowledged: number; refused: Record<string, number>; handled: number; handledAgain: number };
  /** Where the journals are kept; absent where they are not. */
  folder?: string;
}

interface CallsReport {
  calls: number;
  answered: number;
  failed: Record<string, number>;
  medianMs?: number;
  longestMs?: number;
}

export function jsonReport(
  parameters: RunParameters,
  { evidence, faults, beganAt }: Outcome,
  violations: readonly Violation[],
  folder?: string,
): JsonReport {
  const since = (at: number) => Math.round(at - beganAt);
  const { acknowledged, refused, handled, again } = eventFigures(evidence.callers, evidence.servers);
  return {
    ...parameters,
    violations: violations.map(({ from, until, ...violation }) => ({
      ...violation,
      ...(from !== undefined && { fromMs: since(from) }),
      ...(until !== undefined && { untilMs: since(until) }),
    })),
    faults: faults.map(({ name, from, until }) => ({ name, fromMs: since(from), untilMs: since(until) })),
    calls: Object.fromEntries(
      [...callFigures(evidence.callers)].map(([kind, figures]) => [kind, callsReport(figures)]),
    ),
    events: { acknowledged, refused: Object.fromEntries(refused), handled, handledAgain: again },
    ...(folder !== undefined && { folder }),
  };
}

function callsReport({ calls, answeredMs, failed }: KindFigures): CallsReport {
  const median = answeredMs[Math.floor(answeredMs.length / 2)];
  const longest = answeredMs.at(-1);
  return {
    calls,
    answered: answeredMs.length,
    failed: Object.fromEntries(failed),
    ...(median !== undefined && { medianMs: Math.round(median) }),
    ...(longest !== undefined && { longestMs: Math.round(longest) }),
  };
}
