import { defer, Observable, Subject } from 'rxjs';
import type { ParleyException } from '../../exceptions/parley-exception.js';
import type { PatternPolicySettings, PolicySettings } from '../../options/policy-options.js';
import type { StatusCode } from '../../wire/status.js';
import { Circuit, type CircuitBreakerState } from './circuit.js';
import { withRetries, type Attempt } from './retry.js';

/** What the policies of a client did, as it happens. */
export type PolicyEvent =
  | { kind: 'retry'; pattern: string; attempt: number; waitMs: number; status: StatusCode }
  | { kind: 'exhausted'; pattern: string; attempts: number; status: StatusCode }
  | { kind: 'refused'; pattern: string }
  /** `pattern` is undefined for the circuit that all patterns without one of their own share. */
  | { kind: 'circuit'; pattern: string | undefined; state: CircuitBreakerState };

/** What the policies of a client did since it was made. */
export interface PolicyReport {
  /** Attempts beyond the first of their calls. */
  retries: number;
  /** Calls that failed after the last attempt there was time for. */
  exhausted: number;
  /** Calls that were failed without a record, because a circuit was open. */
  refused: number;
  /** Of the circuit that patterns without one of their own share; undefined where there is none. */
  circuit: CircuitBreakerState | undefined;
  /** Of patterns with a circuit of their own. */
  circuits: Readonly<Record<string, CircuitBreakerState>>;
}

interface PatternPolicy {
  retry: PatternPolicySettings['retry'];
  circuit: Circuit | undefined;
}

/** The retries and circuit breakers of one client. */
export class Policies {
  private readonly subject = new Subject<PolicyEvent>();
  readonly events: Observable<PolicyEvent> = this.subject.asObservable();
  private readonly own: PatternPolicy;
  private readonly patterns = new Map<string, PatternPolicy>();
  private retries = 0;
  private exhausted = 0;
  private refused = 0;

  /** `to` is the service that the client calls. */
  constructor(
    private readonly to: string,
    settings: PolicySettings,
  ) {
    this.own = { retry: settings.retry, circuit: this.circuit(undefined, settings) };
    for (const [pattern, policy] of settings.patterns) {
      const shared = policy.circuitBreaker === settings.circuitBreaker;
      const circuit = shared ? this.own.circuit : this.circuit(pattern, policy);
      this.patterns.set(pattern, { retry: policy.retry, circuit });
    }
  }

  /** The call with what the pattern's policies make of it: attempts, within `timeoutMs`, where the circuit lets it. */
  apply<T>(pattern: string, timeoutMs: number, attempt: (attempt: Attempt) => Observable<T>): Observable<T> {
    const { retry, circuit } = this.patterns.get(pattern) ?? this.own;
    const call = retry
      ? withRetries(attempt, retry, timeoutMs, {
          onRetry: (number, waitMs, failure) => this.tellRetry(pattern, number, waitMs, failure),
          onExhausted: (attempts, failure) => this.tellExhausted(pattern, attempts, failure),
        })
      : defer(() => attempt({ number: 1, timeoutMs }));
    return circuit ? circuit.guard(call, () => this.tellRefused(pattern)) : call;
  }

  report(): PolicyReport {
    const { retries, exhausted, refused } = this;
    const circuits = [...this.patterns].flatMap(([pattern, { circuit }]) =>
      circuit && circuit !== this.own.circuit ? [[pattern, circuit.state] as const] : [],
    );
    return {
      retries,
      exhausted,
      refused,
      circuit: this.own.circuit?.state,
      circuits: Object.fromEntries(circuits),
    };
  }

  private circuit(
    pattern: string | undefined,
    { circuitBreaker }: PatternPolicySettings,
  ): Circuit | undefined {
    if (!circuitBreaker) return undefined;
    return new Circuit(this.to, circuitBreaker, state =>
      this.subject.next({ kind: 'circuit', pattern, state }),
    );
  }

  private tellRetry(pattern: string, attempt: number, waitMs: number, { status }: ParleyException): void {
    this.retries += 1;
    this.subject.next({ kind: 'retry', pattern, attempt, waitMs, status });
  }

  private tellExhausted(pattern: string, attempts: number, { status }: ParleyException): void {
    this.exhausted += 1;
    this.subject.next({ kind: 'exhausted', pattern, attempts, status });
  }

  private tellRefused(pattern: string): void {
    this.refused += 1;
    this.subject.next({ kind: 'refused', pattern });
  }
}
