import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, ReceivedRecord, Subscription, TailOptions } from '../drivers/driver.js';
import { ReplayReader } from './replay-reader.js';
import type { Stretch } from './stretches.js';

function records(partition: number, ...offsets: number[]): ReceivedRecord[] {
  const rest = { topic: 't', partition, timestamp: 0, key: null, value: null, headers: {} };
  return offsets.map(offset => ({ ...rest, offset }));
}

describe('what a replay reads', () => {
  let log: string[];
  let tail: TailOptions;
  let subscription: Subscription;

  const driver = {
    tail: async (options: TailOptions) => {
      tail = options;
      return {
        reading: true,
        pause: (partition: number) => log.push(`pause ${partition}`),
        resume: (partition: number) => log.push(`resume ${partition}`),
        close: async () => void log.push('close'),
      };
    },
  } as unknown as Driver;

  async function read(...stretches: Omit<Stretch, 'truncated'>[]): Promise<void> {
    const reader = new ReplayReader({
      driver,
      topic: 't',
      stretches: stretches.map(stretch => ({ ...stretch, truncated: false })),
      onEnd: () => log.push('end'),
      onLost: partition => log.push(`lost of ${partition}`),
      onSilence: ({ message }) => log.push(message),
      onDone: () => undefined,
      now: () => Date.now(),
    });
    subscription = await reader.subscribe({
      group: 'g',
      topics: ['t'],
      from: 'earliest',
      onBatch: batch => log.push(`${batch.partition}: ${batch.records.map(one => one.offset).join(' ')}`),
      onAssigned: assigned => log.push(`assigned ${assigned.map(one => one.partition).join(' ')}`),
      onRevoked: () => undefined,
    });
  }
  const bring = (partition: number, passed: number, ...offsets: number[]) => {
    const batch = { topic: 't', partition, epoch: 0, highWatermark: 0 };
    if (offsets.length > 0) tail.onBatch({ ...batch, records: records(partition, ...offsets) });
    tail.onPassed?.({ partition, offset: passed });
  };

  beforeEach(() => {
    vi.useFakeTimers();
    log = [];
  });
  afterEach(async () => {
    await subscription.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('is what its stretches hold and nothing after them; a partition without any is not asked for', async () => {
    await read(
      { partition: 0, from: 2, to: 4 },
      { partition: 1, from: 5, to: 5 },
      { partition: 2, from: 0, to: 9 },
    );
    expect([tail.partitions, tail.from]).toEqual([
      [0, 2],
      new Map([
        [0, 2],
        [2, 0],
      ]),
    ]);
    bring(0, 7, 2, 3, 4, 5, 6);
    bring(2, 9, 0, 1);
    expect(log).toEqual(['assigned 0 2', '0: 2 3', 'pause 0', '2: 0 1', 'pause 2', 'end']);
  });

  it('ends where the last offsets hold no record', async () => {
    await read({ partition: 0, from: 0, to: 4 });
    bring(0, 3, 0, 1, 2);
    expect(log.at(-1)).toBe('0: 0 1 2');
    bring(0, 4);
    expect(log.at(-1)).toBe('end');
  });

  it('ends where its leader has had nothing more for 10 s, and not while it is paused', async () => {
    await read({ partition: 0, from: 0, to: 100 });
    bring(0, 3, 0, 1, 2);
    subscription.pause([{ topic: 't', partition: 0 }]);
    vi.advanceTimersByTime(20_000);
    subscription.resume([{ topic: 't', partition: 0 }]);
    for (let waited = 0; waited <= 10_000; waited += 500) {
      bring(0, 3);
      expect(log).not.toContain('end');
      vi.advanceTimersByTime(500);
    }
    bring(0, 3);
    expect(log.at(-1)).toBe('end');
  });

  it('says so where records were deleted meanwhile, and goes on behind them', async () => {
    await read({ partition: 0, from: 0, to: 10 });
    tail.onGap({ topic: 't', partition: 0, expected: 0, resumedAt: 8 });
    bring(0, 8);
    bring(0, 10, 8, 9);
    expect(log).toEqual(['assigned 0', 'lost of 0', '0: 8 9', 'pause 0', 'end']);
  });

  it('is given up once nothing was heard for a minute, unless its handlers are slow', async () => {
    await read({ partition: 0, from: 0, to: 10 });
    subscription.pause([{ topic: 't', partition: 0 }]);
    vi.advanceTimersByTime(300_000);
    subscription.resume([{ topic: 't', partition: 0 }]);
    bring(0, 4, 0, 1, 2, 3);
    vi.advanceTimersByTime(59_999);
    expect(log.at(-1)).toBe('0: 0 1 2 3');
    vi.advanceTimersByTime(1);
    expect(log.at(-1)).toBe('nothing was heard for 60000 ms of t-0 from 4 to 9');
  });

  it('hands nothing on once it is closed', async () => {
    await read({ partition: 0, from: 0, to: 10 });
    await subscription.close();
    bring(0, 10, 0, 1);
    expect(log).toEqual(['assigned 0', 'close']);
  });
});
