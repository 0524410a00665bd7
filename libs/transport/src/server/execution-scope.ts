import { AsyncLocalStorage } from 'node:async_hooks';
import { context as telemetry } from '@opentelemetry/api';
import type { ParleyContext } from './parley-context.js';

const scope = new AsyncLocalStorage<ParleyContext>();

/** Whether anything in this process will ask for the context. Keeping it costs a tenth of a small call on Node 20. */
let kept = false;

/** For a client, when it is made: calls made in handlers that start from now on belong to their chain. */
export function keepContext(): void {
  kept = true;
}

/** Runs a part of a handler in its context, so that calls it makes belong to the same chain. */
export function runInScope<T>(context: ParleyContext, work: () => T): T {
  const { telemetry: span } = context;
  const scoped = span ? () => telemetry.with(span, work) : work;
  return kept ? scope.run(context, scoped) : scoped();
}

/** The context of the handler that is running, if one is. */
export function currentContext(): ParleyContext | undefined {
  return scope.getStore();
}
