import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, TailOptions } from '../drivers/driver.js';
import { scan, SILENCE_MS } from './scan.js';
import { letterRecord } from './spec/letters.js';

const STRETCH = { topic: 't', partition: 3, from: 5, to: 8 };

/** A tail that the test gives records to. */
function tailing() {
  const tails: TailOptions[] = [];
  const close = vi.fn(async () => undefined);
  const tail = async (options: TailOptions) => {
    tails.push(options);
    return { reading: true, close };
  };
  const read = (...offsets: number[]) =>
    tails[0]!.onBatch({
      topic: 't',
      partition: 3,
      epoch: 0,
      records: offsets.map(offset => ({ ...letterRecord(), offset })),
      highWatermark: 100,
    });
  return { driver: { tail } as unknown as Driver, tails, close, read };
}

describe('a scan', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('visits what is in its stretch, and nothing beyond', async () => {
    const { driver, tails, close, read } = tailing();
    const seen: number[] = [];
    const scanned = scan(driver, STRETCH, ({ offset }) => void seen.push(offset));
    expect(tails[0]).toMatchObject({ topic: 't', partitions: [3], from: 5 });
    read(5, 6);
    read(7, 8, 9);
    await scanned;
    expect(seen).toEqual([5, 6, 7]);
    expect(close).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of nothing reads nothing', async () => {
    const { driver, tails } = tailing();
    await scan(driver, { ...STRETCH, from: 8 }, () => undefined);
    expect(tails).toEqual([]);
  });

  it('ends where its last offsets hold no record', async () => {
    const { driver, tails, read } = tailing();
    const seen: number[] = [];
    const scanned = scan(driver, STRETCH, ({ offset }) => void seen.push(offset));
    read(5);
    tails[0]!.onPassed?.({ partition: 3, offset: 6 });
    tails[0]!.onPassed?.({ partition: 3, offset: 8 });
    await scanned;
    expect(seen).toEqual([5]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends where its visitor has enough', async () => {
    const { driver, read } = tailing();
    const visit = vi.fn(() => true);
    const scanned = scan(driver, STRETCH, visit);
    read(5, 6);
    read(7);
    await scanned;
    expect(visit).toHaveBeenCalledOnce();
  });

  it('ends where retention has overtaken all of it', async () => {
    const { driver, tails, close } = tailing();
    const scanned = scan(driver, STRETCH, () => undefined);
    tails[0]!.onGap({ topic: 't', partition: 3, expected: 5, resumedAt: 8 });
    await scanned;
    expect(close).toHaveBeenCalledOnce();
  });

  it('does not wait for ever for what does not come', async () => {
    const { driver, close, read } = tailing();
    const scanned = scan(driver, STRETCH, () => undefined);
    const failure = expect(scanned).rejects.toMatchObject({
      status: 'UNAVAILABLE',
      message: expect.stringContaining('t-3 came for 10000 ms, of those from offset 6 to 7') as string,
    });
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
    read(5);
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    await failure;
    expect(close).toHaveBeenCalledOnce();
  });

  it('ends with its signal', async () => {
    const { driver, close } = tailing();
    const abort = new AbortController();
    const scanned = scan(driver, STRETCH, () => undefined, abort.signal);
    abort.abort(new Error('enough'));
    await expect(scanned).rejects.toThrow('enough');
    expect(close).toHaveBeenCalledOnce();
  });
});
