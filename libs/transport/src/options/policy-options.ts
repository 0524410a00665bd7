import { z } from 'zod';
import { STATUS_CODES, type StatusCode } from '../wire/status.js';

/** Every default of the client policies. Times are in milliseconds. */
export const POLICY_DEFAULTS = {
  retry: {
    /** The first one included. */
    attempts: 3,
    /** Before the second attempt; each further wait is twice the one before. */
    waitMs: 1000,
    maxWaitMs: 30_000,
    jitter: false,
  },
  circuitBreaker: {
    /** Calls that failed in a row, each after all of its attempts. */
    failures: 5,
    halfOpenAfterMs: 10_000,
  },
  /**
   * The statuses that say that the service could not be reached or did not answer. Not RESOURCE_EXHAUSTED: a service
   * that is asked too much is not helped by being asked again, and one large reply says nothing of its health.
   */
  statuses: ['UNAVAILABLE', 'DEADLINE_EXCEEDED'],
} as const satisfies { statuses: readonly StatusCode[]; retry: object; circuitBreaker: object };

/**
 * Makes a call again that failed before anything of its reply was delivered. Only for handlers that may run more than
 * once for a call. The call's own timeout (30 s by default) spans all attempts and the waits between them.
 */
export interface RetryOptions {
  /** Attempts in all, from 1 to 100. Default 3. */
  attempts?: number;
  /** Before the second attempt, in ms; doubles for each further one. Default 1,000. */
  waitMs?: number;
  /** No wait is longer than this, in ms. Default 30,000. */
  maxWaitMs?: number;
  /** Waits are drawn between half of their length and the whole, so that callers do not come back together. Default false. */
  jitter?: boolean;
  /** How long one attempt may wait for its answer, in ms. Default: as long as the call may. */
  attemptTimeoutMs?: number;
  /** What is worth another attempt. Default `UNAVAILABLE`, `DEADLINE_EXCEEDED`. */
  statuses?: readonly StatusCode[];
}

/**
 * Fails calls at once, without a record, while the service does not answer: after so many failed calls in a row the
 * circuit opens, after a while one call is let through, and its outcome closes the circuit or opens it again.
 */
export interface CircuitBreakerOptions {
  /** Calls that failed in a row, each after all of its attempts. Default 5. */
  failures?: number;
  /** After how long an open circuit lets one call through, in ms. Default 10,000. */
  halfOpenAfterMs?: number;
  /** What counts as a failure of the service; any other status counts as an answer. Default `UNAVAILABLE`, `DEADLINE_EXCEEDED`. */
  statuses?: readonly StatusCode[];
}

/** `true` stands for the defaults, `false` for none. */
export interface PatternPolicies {
  retry?: RetryOptions | boolean;
  circuitBreaker?: CircuitBreakerOptions | boolean;
}

/** What a client does when calls fail. Nothing, unless it is asked for here. */
export interface PolicyOptions extends PatternPolicies {
  /**
   * By pattern, in place of the client's own: what is not named here stays as it is. A circuit breaker given here is
   * the pattern's own; otherwise all patterns of a client share one.
   */
  patterns?: Readonly<Record<string, PatternPolicies>>;
}

export interface RetrySettings extends Required<Omit<RetryOptions, 'attemptTimeoutMs'>> {
  attemptTimeoutMs: number | undefined;
}

export type CircuitBreakerSettings = Required<CircuitBreakerOptions>;

/** Undefined: not asked for. */
export interface PatternPolicySettings {
  retry: RetrySettings | undefined;
  circuitBreaker: CircuitBreakerSettings | undefined;
}

export interface PolicySettings extends PatternPolicySettings {
  patterns: ReadonlyMap<string, PatternPolicySettings>;
}

const milliseconds = z.number().int().positive().max(2_147_483_647);
const statuses = z
  .array(z.enum(STATUS_CODES))
  .min(1, 'needs at least one status: use false for no policy at all')
  .optional();

const retrySchema = z.strictObject({
  attempts: z.number().int().positive().max(100).optional(),
  waitMs: z.number().int().nonnegative().max(2_147_483_647).optional(),
  maxWaitMs: milliseconds.optional(),
  jitter: z.boolean().optional(),
  attemptTimeoutMs: milliseconds.optional(),
  statuses,
});

const circuitBreakerSchema = z.strictObject({
  failures: z.number().int().positive().max(1_000_000).optional(),
  halfOpenAfterMs: milliseconds.optional(),
  statuses,
});

/** `true` becomes the defaults and `false` null: what is left to refuse is then refused by its own name. */
function switchable<T extends z.ZodType>(schema: T) {
  const read = (given: unknown) => (given === true ? {} : given === false ? null : given);
  return z.preprocess(read, schema.nullable().optional());
}

const patternShape = {
  retry: switchable(retrySchema),
  circuitBreaker: switchable(circuitBreakerSchema),
};

export const policiesSchema = z.strictObject({
  ...patternShape,
  patterns: z.record(z.string(), z.strictObject(patternShape)).optional(),
});

/** Undefined where nothing is asked for: calls then go their way without any policy. */
export function resolvePolicies(
  given: z.output<typeof policiesSchema> | undefined,
): PolicySettings | undefined {
  if (given === undefined) return undefined;
  const own = { retry: retry(given.retry), circuitBreaker: circuitBreaker(given.circuitBreaker) };
  const patterns = new Map(
    Object.entries(given.patterns ?? {}).map(([pattern, policies]) => [
      pattern,
      {
        retry: policies.retry === undefined ? own.retry : retry(policies.retry),
        circuitBreaker:
          policies.circuitBreaker === undefined
            ? own.circuitBreaker
            : circuitBreaker(policies.circuitBreaker),
      },
    ]),
  );
  return { ...own, patterns };
}

function retry(given: z.output<typeof retrySchema> | null | undefined): RetrySettings | undefined {
  if (!given) return undefined;
  const { attempts, waitMs, maxWaitMs, jitter, attemptTimeoutMs, statuses } = given;
  const defaults = POLICY_DEFAULTS.retry;
  return {
    attempts: attempts ?? defaults.attempts,
    waitMs: waitMs ?? defaults.waitMs,
    maxWaitMs: maxWaitMs ?? defaults.maxWaitMs,
    jitter: jitter ?? defaults.jitter,
    attemptTimeoutMs,
    statuses: statuses ?? POLICY_DEFAULTS.statuses,
  };
}

function circuitBreaker(
  given: z.output<typeof circuitBreakerSchema> | null | undefined,
): CircuitBreakerSettings | undefined {
  if (!given) return undefined;
  const { failures, halfOpenAfterMs, statuses } = given;
  const defaults = POLICY_DEFAULTS.circuitBreaker;
  return {
    failures: failures ?? defaults.failures,
    halfOpenAfterMs: halfOpenAfterMs ?? defaults.halfOpenAfterMs,
    statuses: statuses ?? POLICY_DEFAULTS.statuses,
  };
}
