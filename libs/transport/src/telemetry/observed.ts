import { activeMeter } from './meter.js';
import { activeTracer } from './tracing.js';

/** Whether anybody is told of calls: asked before anything is made for them. */
export function isObserved(): boolean {
  return activeTracer() !== undefined || activeMeter() !== undefined;
}
