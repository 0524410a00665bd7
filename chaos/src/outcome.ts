import type { Evidence } from './audit/audit.js';
import type { PastFault } from './schedule/storm.js';

/** What came of a run. */
export interface Outcome {
  evidence: Evidence;
  faults: PastFault[];
  /** When the storm began, in ms of the machine's clock. */
  beganAt: number;
}
