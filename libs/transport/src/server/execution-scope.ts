import { AsyncLocalStorage } from 'node:async_hooks';
import type { ParleyContext } from './parley-context.js';

const scope = new AsyncLocalStorage<ParleyContext>();

/** Runs a part of a handler in its context, so that calls it makes belong to the same chain. */
export function runInScope<T>(context: ParleyContext, work: () => T): T {
  return scope.run(context, work);
}

/** The context of the handler that is running, if one is. */
export function currentContext(): ParleyContext | undefined {
  return scope.getStore();
}
