import type { LoopHealth } from '../drivers/loop-health.js';

/** `idle` until first used, then `connecting`; `disconnected` while no broker answers; `closed` after close. */
export type LinkState = 'idle' | 'connecting' | 'connected' | 'disconnected' | 'closed';

/** The truth about a link at this moment, read from live state: no request is made. */
export interface LinkHealth {
  state: LinkState;
  instance: string;
  /** Topics are there and the inbox's start is fixed: replies can be received. */
  opened: boolean;
  /** The inbox's partition has a leader that answered the last fetch. */
  inboxReading: boolean;
  /** Something has not been answered for longer than a poll may take. */
  stalled: boolean;
  pendingCalls: number;
  runningCalls: number;
  queuedRecords: number;
  /** Milliseconds since a broker last acknowledged a record, while some wait. */
  senderStuckForMs: number;
  /** What must go on while the link is open. */
  loops: readonly LoopHealth[];
  /** Why the last connection attempt or connection failed. */
  lastError?: string;
}
