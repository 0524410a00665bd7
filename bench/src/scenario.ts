import type { BenchClient, Handled } from './system.js';

/** What both processes have used so far. */
export interface Usage {
  cpuSeconds: number;
  rssMb: number;
}

/** What a scenario runs with, in the callers' process. */
export interface Bench {
  /** A new client; the bench closes it. */
  connect(): Promise<BenchClient>;
  /** Callers side by side. */
  concurrency: number;
  /** Counted time, where a scenario goes by time. */
  countedMs: number;
  /** Sum of both processes. */
  usage: () => Promise<Usage>;
  /** How many events the server has handled. */
  handled(): Promise<Handled>;
}

/** What a scenario measured. Latencies and rates are missing where they would say nothing. */
export interface Figures {
  rps?: number;
  itemsPerSecond?: number;
  p50Ms?: number;
  p99Ms?: number;
  cpuSeconds: number;
  rssMb: number;
  /** What a reader must know, such as a time limit that was reached. */
  note?: string;
}

export interface Scenario {
  run(bench: Bench): Promise<Figures>;
}

/** What both processes used between two readings. */
export function usedBetween(start: Usage, end: Usage): Usage {
  return { cpuSeconds: end.cpuSeconds - start.cpuSeconds, rssMb: end.rssMb };
}
