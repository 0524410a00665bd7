import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { join, REBALANCED } from './member.js';
import { record, send, Stage, values } from './stage.js';

describe.each(DRIVERS)('%s: a subscription', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.any(make);
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  it('from the latest gives nothing of before where an active group adds a topic', async () => {
    const [topic, added] = [await stage.topic(), await stage.topic()];
    await send(driver, record(added, 0, 'before'));
    const options = { group: topic, from: 'latest' } as const;
    const older = await join(driver, { ...options, topics: [topic] });
    await vi.waitFor(() => expect(older.held.size).toBe(1), REBALANCED);
    const newer = await join(await stage.driver(), { ...options, topics: [added] });
    await send(driver, record(added, 0, 'after'));
    await vi.waitFor(() => expect(values(newer.records)).toEqual(['after']), REBALANCED);
  });
});
