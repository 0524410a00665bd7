import type { ClientSettings } from '../options/settings.js';
import { currentContext } from '../server/execution-scope.js';
import type { CallOptions } from './call-options.js';

/** How long a call may take, in ms: never longer than the handler that it is made in may take. */
export function timeoutOf(options: CallOptions, settings: Pick<ClientSettings, 'timeoutMs'>): number {
  const remaining = currentContext()?.remainingMs ?? Infinity;
  return Math.max(1, Math.ceil(Math.min(options.timeoutMs ?? settings.timeoutMs, remaining)));
}
