import type { Hooks } from '../hooks/hooks.js';
import { hookedExecution } from '../hooks/server-hooks.js';
import type { ConsumerGroups } from '../telemetry/consumer-groups.js';
import { ExecutionTelemetry } from '../telemetry/execution-telemetry.js';
import { isObserved } from '../telemetry/observed.js';
import type { ExecutionWatch } from './execution-watch.js';
import type { ParleyContext } from './parley-context.js';

/** Who is told of a server's runs of handlers, each of which may take `withinMs`; undefined where nobody asks. */
export class ExecutionWatches {
  constructor(
    private readonly hooks: Hooks,
    private readonly groups: ConsumerGroups,
  ) {}

  ofCall(context: ParleyContext, withinMs: number): ExecutionWatch | undefined {
    const hooked = hookedExecution(this.hooks, 'call', context, withinMs);
    if (!isObserved()) return hooked;
    return new ExecutionTelemetry({ kind: 'call', context, group: this.groups.of(context.topic) }, hooked);
  }

  /** `broadcast`: the handler is one that every instance has for itself. */
  ofEvent(context: ParleyContext, withinMs: number, broadcast: boolean): ExecutionWatch | undefined {
    const hooked = hookedExecution(this.hooks, 'event', context, withinMs);
    if (!isObserved()) return hooked;
    const group = context.replayed ? undefined : this.groups.of(context.topic, broadcast);
    return new ExecutionTelemetry({ kind: 'event', context, group }, hooked);
  }
}
