import { BaseRpcExceptionFilter } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';

/**
 * Nest's default filter for microservices turns every exception but RpcException into
 * `{ status: 'error', message: 'Internal server error' }`: an HttpException's status is lost. There is no setting, and
 * a filter of our own would shadow the user's. So that default filter, which runs only where no filter of the user's
 * matched, is wrapped once a process: what it throws is remembered together with what was thrown.
 */
const originals = new WeakMap<object, unknown>();
const WRAPPED = Symbol.for('parley.original-errors');

type Catch = (exception: unknown, host: unknown) => Observable<unknown>;

/** Wraps Nest's filter; more than one call does nothing. */
export function rememberOriginalErrors(): void {
  const prototype = BaseRpcExceptionFilter.prototype as unknown as { catch: Catch & { [WRAPPED]?: true } };
  if (prototype.catch[WRAPPED]) return;
  const original = prototype.catch;
  const wrapped: Catch & { [WRAPPED]?: true } = function (this: unknown, exception, host) {
    const result = original.call(this, exception, host);
    const made = thrownBy(result);
    if (typeof made !== 'object' || made === null) return result;
    originals.set(made, exception);
    return throwError(() => made);
  };
  wrapped[WRAPPED] = true;
  prototype.catch = wrapped;
}

/** What a handler really threw, where Nest's default filter replaced it. */
export function originalError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !originals.has(error)) return error;
  return originals.get(error);
}

function thrownBy(result: Observable<unknown>): unknown {
  let thrown: unknown;
  result.subscribe({ error: (error: unknown) => (thrown = error) }).unsubscribe();
  return thrown;
}
