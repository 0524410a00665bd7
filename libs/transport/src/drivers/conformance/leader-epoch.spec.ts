import { ApiKey, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, TailOptions } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { join, REBALANCED } from './member.js';
import { record, send, Stage, values } from './stage.js';

/** A broker that had not all of the log leads: what it lacks is lost, and offsets are given a second time. */
describe.each(DRIVERS)('%s: an unclean election', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.embedded(make, { brokers: 2, topics: ['a'] });
    driver = await stage.driver();
    stage.kafka.moveLeader('a', 0, 1);
    await send(driver, record('a', 0, 'a'), record('a', 0, 'b'), record('a', 0, 'c'));
  });
  afterEach(() => stage.close());

  /** Readers look for the new leader only once it has given the lost offsets, and more, to other records. */
  async function replaceLastTwo(): Promise<void> {
    const remove = stage.kafka.intercept(ApiKey.Metadata, () => fault.delay(300));
    stage.kafka.moveLeader('a', 0, 2, { losing: 2 });
    const records = ['d', 'e', 'f'].map(value => record('a', 0, value));
    expect(await driver.produce(2, records)).toMatchObject([{ baseOffset: 1 }]);
    remove();
  }

  async function watch(from: TailOptions['from']) {
    const seen: string[] = [];
    const gaps: Parameters<TailOptions['onGap']>[0][] = [];
    await driver.tail({
      topic: 'a',
      partitions: [0],
      from,
      onBatch: ({ records }) => seen.push(...values(records)),
      onGap: gap => gaps.push(gap),
    });
    return { seen, gaps };
  }

  it('is told to a tail as a gap, and what came instead is read', async () => {
    const { seen, gaps } = await watch(0);
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    await replaceLastTwo();
    await vi.waitFor(() => expect(seen).toEqual(['a', 'b', 'c', 'd', 'e', 'f']), REBALANCED);
    expect(gaps).toEqual([{ topic: 'a', partition: 0, expected: 3, resumedAt: 1 }]);
  });

  it('is told to a tail that has read nothing yet', async () => {
    const { seen, gaps } = await watch('end');
    await replaceLastTwo();
    await vi.waitFor(() => expect(seen).toEqual(['d', 'e', 'f']), REBALANCED);
    expect(gaps).toEqual([{ topic: 'a', partition: 0, expected: 3, resumedAt: 1 }]);
  });

  it('gives a member its partition anew, so that no offset of before is committed', async () => {
    const member = await join(driver, { group: 'g', topics: ['a'] });
    await vi.waitFor(() => expect(member.records).toHaveLength(3), REBALANCED);
    const before = member.held.get(0)!;
    await replaceLastTwo();
    await vi.waitFor(() => expect(values(member.records.slice(3))).toEqual(['d', 'e', 'f']), REBALANCED);
    expect(member.held.get(0)!.epoch).toBeGreaterThan(before.epoch);
    expect(stage.errors).toMatchObject([{ error: { message: expect.stringContaining('shorter') } }]);
  });

  it('that lost nothing goes unnoticed', async () => {
    const { seen, gaps } = await watch(0);
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    stage.kafka.moveLeader('a', 0, 2);
    await send(driver, record('a', 0, 'd'));
    await vi.waitFor(() => expect(seen).toEqual(['a', 'b', 'c', 'd']), REBALANCED);
    expect(gaps).toEqual([]);
  });
});
