import type { Cluster } from '../clusters.js';
import type { Figures } from '../scenario.js';

/** One scenario on one system. */
export interface Measurement {
  system: string;
  scenario: string;
  /** Callers side by side, in turn, against the same server. */
  concurrency: readonly number[];
  countedMs: number;
  cluster: Cluster;
  /** Folder for CPU profiles. */
  profiles?: string;
}

export type Outcome = { concurrency: number } & ({ figures: Figures } | { error: string });

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
