import type { Hooks } from '../hooks/hooks.js';
import { hookedExecution } from '../hooks/server-hooks.js';
import { ExecutionTelemetry } from '../telemetry/execution-telemetry.js';
import { isObserved } from '../telemetry/observed.js';
import type { ExecutionWatch } from './execution-watch.js';
import type { ParleyContext } from './parley-context.js';

/** Who is told of a run of a handler that may take `withinMs`; undefined where nobody asks. */
export function executionWatch(
  hooks: Hooks,
  kind: 'call' | 'event',
  context: ParleyContext,
  withinMs: number,
): ExecutionWatch | undefined {
  const hooked = hookedExecution(hooks, kind, context, withinMs);
  return isObserved() ? new ExecutionTelemetry({ kind, context }, hooked) : hooked;
}
