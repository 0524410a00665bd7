import type { LogExtent } from '../drivers/driver.js';

/** An offset for each of some partitions. */
export type OffsetsByPartition = Readonly<Record<number, number>>;

/** What is replayed of one partition: from an offset to before another. Empty where the two are the same. */
export interface Stretch {
  partition: number;
  from: number;
  to: number;
  /** The log begins past what was asked for. */
  truncated: boolean;
}

/** What was asked for, times looked up. */
export interface Wanted {
  /** Where it is a time's, `byTime`. */
  from: 'earliest' | OffsetsByPartition;
  /** Nothing tells whether there was something older than a log's first record, and of that time. */
  byTime: boolean;
  to?: OffsetsByPartition | undefined;
}

/** What there is to read of the logs. Raises TypeError for offsets that are none, and for partitions that are not there. */
export function stretchesOf(extents: readonly LogExtent[], { from, byTime, to }: Wanted): Stretch[] {
  check('from', from === 'earliest' ? {} : from, extents);
  check('to', to ?? {}, extents);
  return extents.flatMap(({ partition, start, end }) => {
    const asked = from === 'earliest' ? start : from[partition];
    if (asked === undefined) return [];
    const last = Math.min(to?.[partition] ?? end, end);
    const first = Math.min(Math.max(asked, start), end);
    const truncated = asked < start || (byTime && start > 0 && asked === start);
    return [{ partition, from: first, to: Math.max(first, last), truncated }];
  });
}

function check(name: string, offsets: OffsetsByPartition, extents: readonly LogExtent[]): void {
  const partitions = new Set(extents.map(({ partition }) => String(partition)));
  for (const [partition, offset] of Object.entries(offsets)) {
    if (!partitions.has(partition))
      throw new TypeError(
        `${name} names partition ${partition}, and the topic has ${extents.length}, from 0 on`,
      );
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new TypeError(`${name} of partition ${partition} must be an offset, 0 or more; got ${offset}`);
  }
}
