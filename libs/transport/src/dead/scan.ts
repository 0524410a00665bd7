import type { Driver, ReceivedBatch, ReceivedRecord, Tail } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';

/** How long the next record of a log that has more may take, in ms. */
export const SILENCE_MS = 10_000;

/** A stretch of one partition's log: from an offset to before another. */
export interface Stretch {
  topic: string;
  partition: number;
  from: number;
  to: number;
}

/**
 * Reads a stretch in order, without a group, and gives each record to `visit`, which keeps nothing of it; `true` ends
 * the scan. Rejects UNAVAILABLE where no record comes for 10 s, and with the signal's reason.
 */
export async function scan(
  driver: Driver,
  { topic, partition, from, to }: Stretch,
  visit: (record: ReceivedRecord) => boolean | void,
  signal?: AbortSignal,
): Promise<void> {
  if (from >= to) return;
  signal?.throwIfAborted();
  let next = from;
  let opening: Promise<Tail> | undefined;
  let silence: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const read = new Promise<void>((resolve, reject) => {
    let ended = false;
    const end = () => {
      ended = true;
      resolve();
    };
    const advance = (offset: number) => {
      if (offset <= next) return;
      next = offset;
      silence?.refresh();
      if (next >= to) end();
    };
    silence = setTimeout(() => reject(silent({ topic, partition, from: next, to })), SILENCE_MS);
    onAbort = () => reject(signal?.reason as Error);
    signal?.addEventListener('abort', onAbort, { once: true });
    const onBatch = ({ records }: ReceivedBatch) => {
      for (const record of records) {
        if (ended) return;
        if (record.offset < to && visit(record) === true) end();
        else advance(record.offset + 1);
      }
    };
    const onGap = ({ resumedAt }: { resumedAt: number }) => advance(resumedAt);
    // Offsets may hold no record: what was deleted of them, markers of transactions, what cannot be read.
    const onPassed = ({ offset }: { offset: number }) => advance(offset);
    opening = driver.tail({ topic, partitions: [partition], from, onBatch, onGap, onPassed });
    opening.catch(reject);
  });
  try {
    await read;
  } finally {
    clearTimeout(silence);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
    await opening?.then(
      tail => tail.close(),
      () => undefined,
    );
  }
}

export function silent({ topic, partition, from, to }: Stretch): ParleyException {
  return new ParleyException(
    'UNAVAILABLE',
    `no record of ${topic}-${partition} came for ${SILENCE_MS} ms, of those from offset ${from} to ${to - 1}`,
  );
}
