import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { concatMap, dematerialize, from, map, materialize, Observable, of, tap } from 'rxjs';
import { ParleyException } from '../../exceptions/parley-exception.js';
import type { CircuitBreakerSettings } from '../../options/policy-options.js';

export type CircuitBreakerState = 'closed' | 'open' | 'half-open';

const NAMES: Readonly<Record<CircuitState, CircuitBreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
};

/** Raised for a call whose subscriber left before anything could be said of the service. */
class Left extends Error {}

/**
 * Lets calls through while the service answers. A call is judged by what comes first: a value, its end, or a status
 * that does not count as a failure are an answer; the rest of a stream is not watched. A call whose subscriber leaves
 * before that says nothing, except where it was the one that was to find out: the circuit then stays open.
 */
export class Circuit {
  private readonly breaker: CircuitBreakerPolicy;

  /** `to` names the service in the status of calls that are refused. */
  constructor(
    private readonly to: string,
    private readonly settings: CircuitBreakerSettings,
    onState: (state: CircuitBreakerState) => void,
  ) {
    const counts = (error: Error) => !(error instanceof Left) || this.state === 'half-open';
    this.breaker = circuitBreaker(handleWhen(counts), {
      halfOpenAfter: settings.halfOpenAfterMs,
      breaker: new ConsecutiveBreaker(settings.failures),
    });
    this.breaker.onStateChange(state => onState(NAMES[state]));
  }

  get state(): CircuitBreakerState {
    return NAMES[this.breaker.state];
  }

  /** The call; where the circuit is open its failure UNAVAILABLE, at once, of which `onRefused` is told. */
  guard<T>(call: Observable<T>, onRefused: () => void): Observable<T> {
    return new Observable<T>(subscriber => {
      const trial = this.admit();
      if (!trial) {
        onRefused();
        subscriber.error(this.refusal());
        return;
      }
      const subscription = call
        .pipe(
          tap({
            next: () => trial.answered(),
            complete: () => trial.answered(),
            error: failure => (this.isFailure(failure) ? trial.failed(failure) : trial.answered()),
          }),
          materialize(),
          // Nobody hears of an outcome before the circuit has: the next call would still meet the state of before.
          concatMap(event => (trial.judged ? of(event) : from(trial.verdict).pipe(map(() => event)))),
          dematerialize(),
        )
        .subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        trial.failed(new Left());
      };
    });
  }

  /** Undefined while the circuit is open, and while a call is on its way that is to find out. */
  private admit(): Trial | undefined {
    if (this.state === 'half-open') return undefined;
    let trial: Trial | undefined;
    // The breaker runs its task in this very turn, or not at all.
    const verdict = this.breaker.execute(() => {
      trial = new Trial();
      return trial.outcome;
    });
    const told = verdict.catch(() => undefined);
    trial?.judgedBy(told);
    return trial;
  }

  private isFailure(failure: unknown): failure is ParleyException {
    return failure instanceof ParleyException && this.settings.statuses.includes(failure.status);
  }

  private refusal(): ParleyException {
    const { failures, halfOpenAfterMs } = this.settings;
    return new ParleyException(
      'UNAVAILABLE',
      `the circuit to ${this.to} is open: ${failures} calls in a row failed; one is let through ${halfOpenAfterMs} ms after the last failure`,
    );
  }
}

/** One call that was let through, and what it says of the service: the first word counts. */
class Trial {
  /** Settles with the first of `answered` and `failed`. */
  readonly outcome: Promise<void>;
  /** Resolves once the circuit has drawn its consequence. */
  verdict: Promise<unknown> = Promise.resolve();
  judged = false;
  answered!: () => void;
  failed!: (failure: Error) => void;

  constructor() {
    this.outcome = new Promise<void>((resolve, reject) => {
      this.answered = resolve;
      this.failed = reject;
    });
  }

  judgedBy(verdict: Promise<unknown>): void {
    this.verdict = verdict.then(() => {
      this.judged = true;
    });
  }
}
