import type { ExecutionWatch } from '../server/execution-watch.js';
import type { ParleyContext } from '../server/parley-context.js';
import { HookRun } from './hook-run.js';
import { SERVER_SIDE } from './hook-side.js';
import { HookedExecution } from './hooked-execution.js';
import type { Hooks } from './hooks.js';
import type { IncomingMessage } from './parley-hook.js';

/** The hooks around a run of a handler that may take `withinMs`; undefined where there is none. */
export function hookedExecution(
  hooks: Hooks,
  kind: IncomingMessage['kind'],
  context: ParleyContext,
  withinMs: number,
): ExecutionWatch | undefined {
  if (!hooks.server) return undefined;
  const message: IncomingMessage = {
    side: 'server',
    kind,
    context,
    pattern: context.getPattern(),
    key: context.key,
    data: undefined,
    headers: { ...context.headers },
  };
  const leftMs = Math.min(withinMs, context.remainingMs ?? withinMs);
  return new HookedExecution(hooks, new HookRun(SERVER_SIDE, hooks.server, message, leftMs));
}
