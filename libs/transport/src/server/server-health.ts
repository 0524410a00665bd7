import type { LoopHealth } from '../drivers/loop-health.js';
import type { LinkHealth } from '../link/link-health.js';
import type { UntakenRecords } from './events/untaken.js';

/** The truth about a server at this moment, read from live state: no request is made. */
export interface ServerHealth {
  link: LinkHealth;
  /** There are handlers: this process is to take records. */
  serves: boolean;
  /** The link is open and the topics are there. */
  listening: boolean;
  draining: boolean;
  /** Records are taken. */
  taking: boolean;
  /** Every group has given this member its assignment. */
  assigned: boolean;
  /** Records taken in and not finished. */
  load: number;
  /** Requests that were dropped because nobody waited for them any more. */
  expiredCalls: number;
  /** What must go on while records are taken. */
  loops: readonly LoopHealth[];
  /** Events that failed and are kept nowhere yet, since Kafka takes neither retry nor dead letter: their keys wait. */
  untaken?: UntakenRecords;
  /** Why a consumer gave up: only a restart helps. */
  crash?: string;
}
