import type { Cluster } from './clusters.js';
import type { Fleet } from './fleet/fleet.js';
import type { BenchClient, Handled } from './system.js';

/** What both processes have used so far. */
export interface Usage {
  cpuSeconds: number;
  rssMb: number;
}

/** What each process takes up at the moment. */
export interface Memory {
  serverMb: number;
  clientMb: number;
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
  /** Resident memory of each. */
  memory(): Promise<Memory>;
  /** How many events the server has handled. */
  handled(): Promise<Handled>;
}

/** What a scenario measured. Latencies and rates are missing where they would say nothing. */
export interface Figures {
  rps?: number;
  itemsPerSecond?: number;
  p50Ms?: number;
  p99Ms?: number;
  /** Where processes come and go, neither is known. */
  cpuSeconds?: number;
  /** CPU time of both processes for each call or event that was counted, in microseconds. */
  cpuEachUs?: number;
  rssMb?: number;
  /** Calls that ended with an error or with an answer to another question. */
  failed?: number;
  /** Calls without any ending within the deadline that the bench sets; in `streams-many`, items that never came. */
  lost?: number;
  /** Calls answered more than once, or handled more than once although answered. */
  duplicated?: number;
  /** The longest time in which no call of the fleet was answered. */
  longestPauseMs?: number;
  /** The same, in the part in which only callers come and go. */
  longestPauseCallersMs?: number;
  /** The longest time for which any caller had no answer, from the kill on. */
  timeToNextAnswerMs?: number;
  /** From the kill of a broker until all its partitions had another leader, as metadata shows it. */
  electionMs?: number;
  /** By how much memory grew beyond what it was after a warm-up. */
  serverGrowthMb?: number;
  clientGrowthMb?: number;
  /** What a reader must know, such as a time limit that was reached. */
  note?: string;
}

export interface Scenario {
  run(bench: Bench): Promise<Figures>;
}

/** What a fleet scenario runs with, in the bench's own process. */
export interface FleetBench {
  /** The servers and callers of one system; none runs yet. The bench closes it. */
  fleet: Fleet;
  /** Callers side by side over the whole fleet. */
  callers: number;
  cluster: Cluster;
}

/** A scenario in which processes come and go. */
export interface FleetScenario {
  /** How long a call may take. Default 10,000. */
  deadlineMs?: number;
  run(bench: FleetBench): Promise<Figures>;
}

/** What both processes used between two readings. */
export function usedBetween(start: Usage, end: Usage): Usage {
  return { cpuSeconds: end.cpuSeconds - start.cpuSeconds, rssMb: end.rssMb };
}

/** The same, for so many calls or events. */
export function usedFor(count: number, start: Usage, end: Usage): Usage & { cpuEachUs: number } {
  const used = usedBetween(start, end);
  return { ...used, cpuEachUs: (used.cpuSeconds * 1e6) / count };
}
