import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DriverError } from '../drivers/driver.js';
import type {
  Assignment,
  CommitOffset,
  Driver,
  ReceivedRecord,
  SubscribeOptions,
} from '../drivers/driver.js';
import { encodeRuns } from './done-runs.js';
import { Consumption, type ConsumptionOptions } from './consumption.js';
import { justWait } from './lanes.js';

type Place = Pick<ReceivedRecord, 'topic' | 'partition'>;
const held: Assignment = { topic: 't', partition: 0, epoch: 1 };

function record(offset: number): ReceivedRecord {
  return { topic: 't', partition: 0, offset, timestamp: 0, key: null, value: null, headers: {} };
}

describe('Consumption', () => {
  let member: SubscribeOptions;
  let commits: CommitOffset[][];
  let calls: string[];
  let failCommits: boolean;
  let refusal: Error | undefined;
  let running: Map<number, { done(): void; fail(): void }>;
  let consumption: Consumption;

  const driver = {
    subscribe: async (options: SubscribeOptions) => {
      member = options;
      return {
        commit: async (offsets: CommitOffset[]) => {
          if (failCommits) throw new Error('not now');
          if (refusal) throw refusal;
          commits.push(offsets);
        },
        pause: (partitions: Place[]) => calls.push(...partitions.map(one => `pause ${one.partition}`)),
        resume: (partitions: Place[]) => calls.push(...partitions.map(one => `resume ${one.partition}`)),
        close: async () => void calls.push('close'),
      };
    },
  } as unknown as Driver;

  const receive = (...offsets: number[]) =>
    member.onBatch({ topic: 't', partition: 0, epoch: 1, records: offsets.map(record), highWatermark: 0 });
  const finish = async (offset: number) => {
    running.get(offset)!.done();
    await vi.advanceTimersByTimeAsync(0);
  };

  const start = async (options: Partial<ConsumptionOptions> = {}) => {
    consumption = new Consumption(driver, {
      group: 'g',
      topics: ['t'],
      concurrency: 2,
      work: ({ offset }) => ({
        lane: undefined,
        run: () =>
          new Promise<void>((done, fail) => running.set(offset, { done, fail: () => fail(new Error('no')) })),
      }),
      onCommitError: error => calls.push(error.message),
      ...options,
    });
    await consumption.start();
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    [commits, calls, failCommits, running] = [[], [], false, new Map()];
    await start();
    member.onAssigned([held]);
  });

  afterEach(() => void vi.useRealTimers());

  describe('that has just joined its group', () => {
    const told = vi.fn<() => void>();

    beforeEach(async () => {
      told.mockClear();
      await start();
      void consumption.firstAssigned(5_000).then(told);
      await vi.advanceTimersByTimeAsync(4_999);
      expect(told).not.toHaveBeenCalled();
    });

    it('tells when it has an assignment', async () => {
      member.onAssigned([]);
      await vi.advanceTimersByTimeAsync(0);
      expect(told).toHaveBeenCalled();
      expect(vi.getTimerCount()).toBe(2); // Two members commit.
      await consumption.firstAssigned(5_000);
    });

    it('waits for it no longer than it was told to', async () => {
      await vi.advanceTimersByTimeAsync(1);
      expect(told).toHaveBeenCalled();
    });

    it('waits for it no longer where it drains', async () => {
      const drained = consumption.drain(1_000);
      await vi.advanceTimersByTimeAsync(0);
      expect(told).toHaveBeenCalled();
      await drained;
    });
  });

  it('commits only what is done, in order, twice a second', async () => {
    receive(4, 5);
    await finish(5);
    await vi.advanceTimersByTimeAsync(500);
    expect(commits).toEqual([]);
    await finish(4);
    await vi.advanceTimersByTimeAsync(500);
    expect(commits).toEqual([[{ ...held, offset: 6, metadata: '' }]]);
  });

  it('never commits past work that rejected: it is for another instance', async () => {
    receive(0, 1);
    running.get(0)!.fail();
    await finish(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(commits).toEqual([]);
  });

  it('commits again what a failed commit would have committed', async () => {
    failCommits = true;
    receive(0);
    await finish(0);
    await vi.advanceTimersByTimeAsync(500);
    expect(calls).toEqual(['not now']);
    failCommits = false;
    await vi.advanceTimersByTimeAsync(500);
    expect(commits).toEqual([[{ ...held, offset: 1, metadata: '' }]]);
  });

  it('ignores what was taken already, and what belongs to another epoch', () => {
    receive(0);
    receive(0);
    member.onBatch({ topic: 't', partition: 0, epoch: 2, records: [record(7)], highWatermark: 0 });
    member.onBatch({ topic: 't', partition: 9, epoch: 1, records: [record(8)], highWatermark: 0 });
    expect([...running.keys()]).toEqual([0]);
  });

  it('pauses a partition when too much of it is taken in, and resumes it when little of that is left', async () => {
    receive(0, 1, 2);
    expect(calls).toEqual([]);
    receive(3);
    expect(calls).toEqual(['pause 0']);
    for (const offset of [0, 1]) await finish(offset);
    expect(calls).toEqual(['pause 0']);
    await finish(2);
    expect(calls).toEqual(['pause 0', 'resume 0']);
  });

  it('reads on past what waits for its key, where slots are free', async () => {
    await start({
      concurrency: 4,
      work: ({ offset }) => ({
        lane: offset < 4 ? 'slow' : undefined,
        run: () => new Promise<void>((done, fail) => running.set(offset, { done, fail: () => fail() })),
      }),
    });
    member.onAssigned([held]);
    receive(0, 1, 2, 3, 4, 5, 6, 7);
    expect(calls).toEqual(['pause 0']);
    expect([...running.keys()]).toEqual([0, 4, 5, 6]);
    await finish(4);
    await finish(5);
    expect(calls).toEqual(['pause 0', 'resume 0']);
  });

  it('reads on where another partition’s records had the slots that its own waited for', async () => {
    await start({
      concurrency: 1,
      work: ({ offset }) => ({
        lane: undefined,
        run: async (_done, park = justWait) => {
          const ran = new Promise<void>((done, fail) => running.set(offset, { done, fail: () => fail() }));
          await (offset === 0 ? park(ran) : ran);
        },
      }),
    });
    member.onAssigned([held, { ...held, partition: 1 }]);
    receive(0, 1);
    const others = [50, 51].map(offset => ({ ...record(offset), partition: 1 }));
    member.onBatch({ ...held, partition: 1, records: others, highWatermark: 0 });
    for (const offset of [1, 50, 51]) await finish(offset);
    expect(calls).toEqual(['pause 0', 'pause 1', 'resume 1']);
    await vi.advanceTimersByTimeAsync(500);
    expect(calls).toEqual(['pause 0', 'pause 1', 'resume 1', 'resume 0']);
  });

  it('tells what waits where it is of no use any more: a partition is revoked, or all stops', async () => {
    const lefts: AbortSignal[] = [];
    await start({
      work: () => ({ lane: undefined, run: async (_done, _park, left) => void lefts.push(left!) }),
    });
    member.onAssigned([held, { ...held, partition: 1 }]);
    receive(0);
    member.onBatch({ ...held, partition: 1, records: [{ ...record(1), partition: 1 }], highWatermark: 0 });
    await member.onRevoked([held]);
    expect(lefts.map(({ aborted }) => aborted)).toEqual([true, false]);
    await consumption.drain(0);
    expect(lefts.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('pauses no partition for another one’s sake, whose records get slots in turn', async () => {
    member.onAssigned([{ ...held, partition: 1 }]);
    receive(0, 1, 2, 3);
    const other = { ...record(50), partition: 1 };
    member.onBatch({ ...held, partition: 1, records: [other], highWatermark: 0 });
    expect(calls).toEqual(['pause 0']);
    await finish(0);
    await finish(1);
    expect([...running.keys()]).toEqual([0, 1, 2, 50]);
  });

  it('pauses a partition that has its share of the bytes in hand', async () => {
    await start({ concurrency: 100, maxBytes: 2000 });
    member.onAssigned([held, { ...held, partition: 1 }]);
    const large = (offset: number) => ({ ...record(offset), value: Buffer.alloc(600) });
    const batch = (...records: ReceivedRecord[]) => member.onBatch({ ...held, records, highWatermark: 0 });
    batch(large(0));
    expect(calls).toEqual([]);
    batch(large(1));
    expect(calls).toEqual(['pause 0']);
    await finish(0);
    expect(calls).toEqual(['pause 0']);
    await finish(1);
    expect(calls).toEqual(['pause 0', 'resume 0']);
  });

  it('begins with what is not due when it is, after what came before it, and reads no further meanwhile', async () => {
    const run = async ({ offset }: ReceivedRecord) => void begun.push(offset);
    const begun: number[] = [];
    const dueAt = Date.now() + 60_000;
    await start({
      concurrency: 100,
      work: one => ({
        lane: undefined,
        ...(one.offset < 2 && { dueAt }),
        run: () => run(one),
      }),
    });
    member.onAssigned([held, { ...held, partition: 1 }]);
    receive(0, 1, 2);
    const other = { ...record(9), partition: 1 };
    member.onBatch({ ...held, partition: 1, records: [other], highWatermark: 0 });
    expect([begun, calls]).toEqual([[9], ['pause 0']]);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(begun).toEqual([9]);
    await vi.advanceTimersByTimeAsync(1);
    expect([begun, calls]).toEqual([
      [9, 0, 1, 2],
      ['pause 0', 'resume 0'],
    ]);
  });

  it('begins with nothing that becomes due after its partition was revoked', async () => {
    const begun: number[] = [];
    const dueAt = Date.now() + 1000;
    await start({
      work: ({ offset }) => ({ lane: undefined, dueAt, run: async () => void begun.push(offset) }),
    });
    member.onAssigned([held]);
    receive(0);
    await member.onRevoked([held]);
    await vi.advanceTimersByTimeAsync(5000);
    expect([begun, commits]).toEqual([[], []]);
  });

  it('reads on where a paused partition’s log was replaced', () => {
    receive(0, 1, 2, 3);
    member.onAssigned([{ ...held, epoch: 2 }]);
    expect(calls).toEqual(['pause 0', 'resume 0']);
  });

  it('drains: takes nothing more, lets what runs finish, commits it and leaves', async () => {
    receive(0, 1, 2);
    const drained = consumption.drain(10_000);
    receive(3);
    await finish(0);
    await finish(1);
    await drained;
    expect([...running.keys()]).toEqual([0, 1]);
    expect(commits).toEqual([[{ ...held, offset: 2, metadata: '' }]]);
    expect(calls).toEqual(['close']);
  });

  it('finishes what has begun when a partition is revoked, begins with nothing more of it, and commits', async () => {
    receive(0, 1, 2);
    const revoked = Promise.resolve(member.onRevoked([held])).then(() => calls.push('revoked'));
    await finish(0);
    expect(calls).toEqual([]);
    await finish(1);
    await revoked;
    expect([...running.keys()]).toEqual([0, 1]);
    expect(commits).toEqual([[{ ...held, offset: 2, metadata: '' }]]);
    receive(3);
    expect([...running.keys()]).toEqual([0, 1]);
  });

  it('gives a revoked partition away without what takes long, and commits nothing of it afterwards', async () => {
    receive(0, 1);
    await finish(0);
    const revoked = member.onRevoked([held]);
    await vi.advanceTimersByTimeAsync(1000);
    await revoked;
    await finish(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(commits).toEqual([[{ ...held, offset: 1, metadata: '' }]]);
  });

  describe('what waits on the shelf', () => {
    let waits: Map<number, () => void>;
    let began: number[];
    beforeEach(async () => {
      [waits, began] = [new Map(), []];
      await start({
        work: ({ offset }) => ({
          lane: undefined,
          shelves: true,
          run: async (_done, park = justWait) => {
            await park(new Promise<void>(resolve => waits.set(offset, resolve)));
            began.push(offset);
            await new Promise<void>((done, fail) => running.set(offset, { done, fail: () => fail() }));
          },
        }),
      });
      member.onAssigned([held]);
    });

    it('does not count against its partition, which is read on', async () => {
      receive(0, 1, 2, 3, 4, 5, 6, 7);
      await vi.advanceTimersByTimeAsync(0);
      expect(waits.size).toBe(8);
      expect(calls).toEqual([]);
      for (const offset of [0, 1, 2, 3, 4]) waits.get(offset)!();
      await vi.advanceTimersByTimeAsync(0);
      expect(began).toEqual([0, 1]);
      await finish(0);
      expect(began).toEqual([0, 1, 2]);
      await vi.advanceTimersByTimeAsync(500);
      expect(commits).toEqual([[{ ...held, offset: 1, metadata: '' }]]);
    });

    it('holds up no revocation, and is the next owner’s when its turn comes', async () => {
      receive(0);
      const revoked = Promise.resolve(member.onRevoked([held])).then(() => calls.push('revoked'));
      await vi.advanceTimersByTimeAsync(0);
      expect(calls).toContain('revoked');
      await revoked;
      waits.get(0)!();
      await vi.advanceTimersByTimeAsync(500);
      expect([began, commits]).toEqual([[], []]);
      expect(consumption.load).toBe(0);
    });
  });

  it('commits the offset alone where the broker keeps less beside it', async () => {
    await start({ keepDone: true, concurrency: 10 });
    member.onAssigned([held]);
    receive(4, 5, 6, 7);
    await finish(4);
    await finish(6);
    refusal = new DriverError('permanent', 'too much', 'OFFSET_METADATA_TOO_LARGE');
    await vi.advanceTimersByTimeAsync(500);
    refusal = undefined;
    await vi.advanceTimersByTimeAsync(500);
    expect(calls).toEqual(['too much']);
    expect(commits).toEqual([[{ ...held, offset: 5, metadata: '' }]]);
  });

  it('commits what is done beyond too where that is kept, and works on none of it for the next owner', async () => {
    await start({ keepDone: true, concurrency: 10 });
    member.onAssigned([held]);
    receive(4, 5, 6);
    await finish(5);
    await vi.advanceTimersByTimeAsync(1000);
    expect(commits).toEqual([[{ ...held, offset: 4, metadata: encodeRuns(4, [{ from: 5, to: 6 }]) }]]);
    const [[committed]] = commits as [[CommitOffset & { metadata: string }]];
    running.clear();
    await start({ keepDone: true, concurrency: 10 });
    member.onAssigned([{ ...held, committed }]);
    receive(4, 5, 6);
    expect([...running.keys()]).toEqual([4, 6]);
    await finish(4);
    await vi.advanceTimersByTimeAsync(500);
    expect(commits.at(-1)).toEqual([{ ...held, offset: 6, metadata: '' }]);
  });
});
