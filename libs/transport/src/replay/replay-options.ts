import type { OffsetsByPartition } from './stretches.js';

/** What to replay, and how. */
export interface ReplayOptions {
  /**
   * Where to begin: with the oldest event that is kept, with the first of a time, or at an offset of each partition;
   * partitions that are not named are left out then.
   */
  from: 'earliest' | Date | OffsetsByPartition;
  /** Before which event to end: the first of a time, or an offset. Never past the log's end when the replay began, the default. */
  to?: Date | OffsetsByPartition;
  /** One handler of the event, as `Class.method`, where it has `@Handling`; else its place, from `0`. Default: all of them. */
  handler?: string;
  /**
   * What happens where a handler has failed after its runs in place: as with any other event, the next of its retry topics
   * or a dead letter (`keep`, the default), or only the report tells (`report`).
   */
  failures?: 'keep' | 'report';
  /** Events handled side by side; those of one key stay in order. Default: `eventConcurrency` of the server. */
  concurrency?: number;
  /** Events a second, at most. Default: as fast as they are handled. */
  perSecond?: number;
  /** Ends the replay: what runs may finish, and the report tells from where to go on. */
  signal?: AbortSignal;
  /** Called with the report so far, twice a second at most. */
  onProgress?: (report: Readonly<ReplayReport>) => void;
}

/** What became of a replay. */
export interface ReplayReport {
  topic: string;
  /** `end`: all that was asked for was read and is settled. `interrupted`: the signal, or the server's stop, came first. */
  ended: 'end' | 'interrupted';
  /** Times that a handler succeeded. */
  handled: number;
  /** Times that a handler failed for good, events that cannot be read included. */
  failed: number;
  /** Events for another service or handler. */
  skipped: number;
  /** The first 100 that failed. */
  failures: ReplayFailure[];
  partitions: ReplayedPartition[];
  /** What a further replay takes as `from` to go on. */
  next: OffsetsByPartition;
}

export interface ReplayFailure {
  partition: number;
  offset: number;
  /** Absent where the event cannot be read, so that no handler had it. */
  handler?: string;
  /** Runs of the handler. */
  attempts: number;
  cause: { name: string; message: string };
}

export interface ReplayedPartition {
  partition: number;
  /** The first offset that was read. */
  from: number;
  /** The offset before which the replay ends. */
  to: number;
  /** The log begins, or has come to begin, past what was asked for: what was before it is deleted, by retention mostly. */
  truncated: boolean;
}
