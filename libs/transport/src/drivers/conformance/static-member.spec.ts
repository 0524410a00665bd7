import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { join, REBALANCED } from './member.js';
import { record, send, Stage, values } from './stage.js';

describe.each(DRIVERS)('%s: a static member', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.any(make);
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  it('comes back to its partitions within its session, and nobody else notices', async () => {
    const topic = await stage.topic(2);
    const options = { group: topic, topics: [topic] };
    const other = await join(driver, { ...options, instanceId: 'other' });
    const before = await join(await stage.driver({ instanceId: 'pod-0' }), options);
    await vi.waitFor(() => expect([other.held.size, before.held.size]).toEqual([1, 1]), REBALANCED);
    const [{ partition } = { partition: -1 }] = before.held.values();
    const revokedBefore = other.revoked.length;
    await before.subscription.close();
    await send(driver, record(topic, partition, 'a'));

    const after = await join(await stage.driver(), { ...options, instanceId: 'pod-0' });
    await vi.waitFor(() => expect(values(after.records)).toEqual(['a']), REBALANCED);
    expect([...after.held.keys()]).toEqual([partition]);
    expect(other.held.size).toBe(1);
    expect(other.revoked).toHaveLength(revokedBefore);
  });

  it('is put out by another one of its name, and says so', async () => {
    const topic = await stage.topic(1);
    const options = { group: topic, topics: [topic], instanceId: 'pod-0' };
    const fenced = vi.fn();
    driver.on('crashed', fenced);
    const first = await join(driver, options);
    await vi.waitFor(() => expect(first.held.size).toBe(1), REBALANCED);
    const second = await join(await stage.driver(), options);
    await vi.waitFor(() => expect(second.held.size).toBe(1), REBALANCED);
    await vi.waitFor(() => expect(fenced).toHaveBeenCalledOnce(), REBALANCED);
    expect(fenced.mock.calls[0]?.[0]).toMatchObject({
      error: { code: 'FENCED_INSTANCE_ID', message: expect.stringContaining('joined as "pod-0"') },
    });
    expect(first.held.size).toBe(0);
  });
});
