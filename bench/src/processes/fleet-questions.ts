import type { Sample } from '@parley/tools/processes';
import type { CallRecords } from '../fleet/call-log.js';
import type { HandledCounts } from '../fleet/handlings.js';
import type { Settings } from '../system.js';

/** What a server of a fleet saw. */
export interface ServerEvidence {
  handled: HandledCounts;
}

/** What a caller process of a fleet saw. */
export interface CallerEvidence {
  records: CallRecords;
  /** The errors that calls failed with, and how often. */
  errors: ReadonlyMap<string, number>;
}

/** What a server's process is asked. On SIGTERM it closes in order and says what it saw. */
export type FleetServerQuestions = {
  /** Loads the system's modules, so that no start competes for the machine with the calls. */
  load(system: string): Promise<void>;
  start(settings: Settings): Promise<void>;
  /** What it saw since it was last asked. */
  take(): ServerEvidence;
  sample(): Sample;
  exit(): void;
};

/** What a caller process is asked. On SIGTERM its callers end with their calls, and it says what it saw. */
export type FleetCallerQuestions = {
  load(system: string): Promise<void>;
  /** Resolves once a first call was answered, which counts for nothing: it is ready then. */
  connect(parameter: { settings: Settings; process: number; deadlineMs: number }): Promise<void>;
  /** So many callers from now on; resolves once there are no more. */
  resize(callers: number): Promise<void>;
  /** What it saw since it was last asked; only while it has no callers. */
  take(): CallerEvidence;
  sample(): Sample;
  exit(): void;
};

/** What a process that ends in order says to the bench. */
export type LeavingQuestions<Evidence> = {
  leaving(evidence: Evidence): void;
};
