import { backoffMs } from './backoff.js';

/**
 * A partition is without a leader for about a second when its broker dies. A longer wait would add that much to
 * every call that is held up; lookups of one topic share a request.
 */
const LONGEST_RETRY_MS = 200;

export interface SenderOptions {
  /** What may wait, in bytes; beyond it `offer` fails. Default 64 MiB. */
  maxQueuedBytes: number;
  /** What may wait, in parcels. Default 100,000. */
  maxQueuedParcels: number;
  /** One record's most, in bytes, whatever the broker allows. Default 16 MiB. */
  maxRecordBytes: number;
  /** How long frames may wait for a broker, in ms. Default 30,000. */
  frameTimeoutMs: number;
  /** Monotonic milliseconds. */
  now: () => number;
  /** How long to wait before a partition's n-th attempt in a row, in ms. */
  backoff: (attempt: number) => number;
}

export const SENDER_DEFAULTS: SenderOptions = {
  maxQueuedBytes: 64 * 1024 * 1024,
  maxQueuedParcels: 100_000,
  maxRecordBytes: 16 * 1024 * 1024,
  frameTimeoutMs: 30_000,
  now: () => performance.now(),
  backoff: attempt => backoffMs(attempt, { longestMs: LONGEST_RETRY_MS }),
};
