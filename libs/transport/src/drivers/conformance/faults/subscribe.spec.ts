import { ApiKey, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../../driver.js';
import { DRIVERS } from '../drivers.js';
import { join, REBALANCED } from '../member.js';
import { record, send, Stage, values } from '../stage.js';

describe.each(DRIVERS)('%s: subscribe, with faults', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.embedded(make, { topics: ['a'] });
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  it('reads on when the broker stops and comes back', async () => {
    const member = await join(driver, { group: 'g', topics: ['a'] });
    await send(driver, record('a', 0, 'a'));
    await vi.waitFor(() => expect(member.records).toHaveLength(1), REBALANCED);
    await stage.kafka.stopBroker(1);
    await stage.kafka.startBroker(1);
    await send(driver, record('a', 0, 'b'));
    await vi.waitFor(() => expect(values(member.records)).toContain('b'), REBALANCED);
  });

  it('tells what retention took before it was read, and goes on at the start of the log', async () => {
    await stage.close();
    stage = await Stage.embedded(make, { topics: ['a'], maxPartitionBytes: 4_096 });
    driver = await stage.driver();
    const member = await join(driver, { group: 'g', topics: ['a'] });
    await vi.waitFor(() => expect(member.held.size).toBe(1), REBALANCED);
    await send(driver, record('a', 0, 'a'));
    await vi.waitFor(() => expect(member.records).toHaveLength(1));
    member.subscription.pause([{ topic: 'a', partition: 0 }]);
    for (let index = 0; index < 20; index++) await send(driver, record('a', 0, 'x'.repeat(1_000)));
    member.subscription.resume([{ topic: 'a', partition: 0 }]);
    await vi.waitFor(() => expect(member.records.at(-1)?.offset).toBe(20), REBALANCED);
    const offsets = member.records.map(({ offset }) => offset);
    const last = offsets.findIndex((offset, index) => offsets[index + 1] !== offset + 1);
    expect(stage.errors.map(({ error }) => error.message).join()).toContain(
      `Offsets ${offsets[last]! + 1} to ${offsets[last + 1]! - 1} of a[0] were deleted`,
    );
    expect(new Set(offsets).size).toBe(offsets.length);
  });

  it('rejects a commit that is refused', async () => {
    const member = await join(driver, { group: 'g', topics: ['a'] });
    await vi.waitFor(() => expect(member.held.size).toBe(1), REBALANCED);
    stage.kafka.intercept(ApiKey.OffsetCommit, () => fault.error(30));
    const commit = member.subscription.commit([{ ...member.held.get(0)!, offset: 0 }]);
    await expect(commit).rejects.toMatchObject({ name: 'DriverError' });
  });

  it('leaves the group within a bound though the broker hangs', async () => {
    const member = await join(driver, { group: 'g', topics: ['a'] });
    await vi.waitFor(() => expect(member.held.size).toBe(1), REBALANCED);
    for (const key of [ApiKey.Fetch, ApiKey.LeaveGroup, ApiKey.Heartbeat])
      stage.kafka.intercept(key, () => fault.drop);
    const from = performance.now();
    await member.subscription.close();
    expect(performance.now() - from).toBeLessThan(3_000);
  });
});
