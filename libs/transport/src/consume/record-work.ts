import type { Park } from './lanes.js';

/** What is to be done for one record. */
export interface RecordWork {
  /** Records of one lane run one after another; without a lane no order is owed. */
  lane: string | undefined;
  /** Not before this, in ms since the epoch: what follows in its partition waits too. Default: at once. */
  dueAt?: number;
  /**
   * While it waits by `park` it does not count against its partition, which is read on: whoever made it bounds what
   * waits. Where the partition becomes another member's meanwhile the wait rejects. Default false: it counts.
   */
  shelves?: boolean;
  /**
   * Its lane and slot are free when the promise settles. The record's offset is done once it has resolved, and not
   * where it rejects; or already when `done` is called, while the work goes on. `park` lends its slot to others for a wait;
   * absent where it has none. `left` is aborted where its partition becomes another member's, or this one stops: what waits
   * then need not go on, since its record is not done.
   */
  run(done: () => void, park?: Park, left?: AbortSignal): Promise<void>;
}

/** A record that is done with another one: it takes neither lane nor slot. */
export interface KeptRecord {
  /** Its offset is done once this has resolved, and not where it rejects. */
  kept: Promise<void>;
}
