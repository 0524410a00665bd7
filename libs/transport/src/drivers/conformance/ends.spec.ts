import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { join, REBALANCED } from './member.js';
import { record, send, Stage } from './stage.js';

describe.each(DRIVERS)('%s: log ends at assignment', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.any(make);
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  it('are told where they are asked for, and only there', async () => {
    const topic = await stage.topic(2);
    await send(driver, record(topic, 0, 'a'), record(topic, 0, 'b'));
    const asking = await join(driver, { group: topic, topics: [topic], tellEnds: true });
    await vi.waitFor(() => expect(asking.held.size).toBe(2), REBALANCED);
    expect([asking.held.get(0)?.end, asking.held.get(1)?.end]).toEqual([2, 0]);
    const other = await join(driver, { group: `${topic}-other`, topics: [topic] });
    await vi.waitFor(() => expect(other.held.size).toBe(2), REBALANCED);
    expect(other.held.get(0)).not.toHaveProperty('end');
  });
});
