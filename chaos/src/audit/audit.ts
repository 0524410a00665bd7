import type { Sample } from '@parley/tools/processes';
import type { CommittedOffset } from '../cluster/group-watch.js';
import type { Journal } from '../journal/journal.js';
import { auditCalls } from './calls.js';
import { auditDelivery, auditOrder } from './events.js';
import { auditLeaks } from './leaks.js';
import { auditOffsets } from './offsets.js';
import type { Violation } from './violation.js';

/** All that was seen of a run. */
export interface Evidence {
  callers: readonly Journal[];
  servers: readonly Journal[];
  /** Services that subscribe to the events. */
  services: readonly string[];
  offsets: readonly CommittedOffset[];
  /** What processes held before the storm and after it, each with nothing under way. */
  before: ReadonlyMap<string, Sample>;
  after: ReadonlyMap<string, Sample>;
  /** Processes that ended unasked, or did not end when asked. */
  crashes: readonly string[];
  /** What processes had not done with long after the load had ended, or what kept them from their work. */
  underWay: readonly string[];
  /** What groups had left to do long after the last event was emitted. */
  undone: readonly string[];
}

/** Everything that should never have been, by its rule. */
export function audit(evidence: Evidence): Violation[] {
  const { callers, servers, services, offsets, before, after, crashes, underWay, undone } = evidence;
  return [
    ...callers.flatMap(auditCalls),
    ...auditDelivery(callers, servers, services),
    ...auditOrder(servers),
    ...auditOffsets(offsets),
    ...auditLeaks(before, after),
    ...crashes.map(what => ({ rule: 'no process ends by itself', what })),
    ...underWay.map(what => ({ rule: 'every process comes to rest, and is well', what })),
    ...undone.map(what => ({ rule: 'every group gets to the end of its topics', what })),
  ];
}
