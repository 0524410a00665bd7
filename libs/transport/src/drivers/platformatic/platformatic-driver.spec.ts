import { ApiKey } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { join, REBALANCED } from '../conformance/member.js';
import { record, Stage, values } from '../conformance/stage.js';
import type { Driver, ReceivedRecord } from '../driver.js';
import { createKafkajsDriver } from '../kafkajs/kafkajs-driver.js';
import { createPlatformaticDriver } from './platformatic-driver.js';
import type { PlatformaticClients } from './platformatic-driver.js';

describe('the platformatic driver', () => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.embedded(createPlatformaticDriver, { topics: [{ name: 'a', partitions: 2 }] });
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  it('is never idempotent, and loses none of 50 concurrent sends', async () => {
    let initialised = 0;
    stage.kafka.intercept(ApiKey.InitProducerId, () => void initialised++);
    const seen: ReceivedRecord[] = [];
    const onBatch = ({ records }: { records: readonly ReceivedRecord[] }) => void seen.push(...records);
    await driver.tail({ topic: 'a', partitions: [0], from: 'end', onBatch, onGap() {} });
    const sent = Array.from({ length: 50 }, (_, index) => `${index}`);
    const outcomes = await Promise.all(sent.map(value => driver.produce(1, [record('a', 0, value)])));
    expect(outcomes.flat().filter(({ error }) => error)).toEqual([]);
    await vi.waitFor(() => expect(values(seen)).toEqual(sent));
    expect(initialised).toBe(0);
  });

  it('shares a group with members on the kafkajs driver, whoever leads it', async () => {
    const other = createKafkajsDriver(
      { brokers: stage.kafka.brokers, clientId: 'other' },
      { log() {}, error() {}, warn() {} },
    );
    try {
      for (const [first, second] of [
        [driver, other],
        [other, driver],
      ] as const) {
        const options = { group: stage.name(), topics: ['a'] };
        const older = await join(first, options);
        await vi.waitFor(() => expect(older.held.size).toBe(2), REBALANCED);
        const newer = await join(second, options);
        await vi.waitFor(() => expect([older.held.size, newer.held.size]).toEqual([1, 1]), REBALANCED);
        expect(older.revoked).toHaveLength(1);
        await older.subscription.close();
        await vi.waitFor(() => expect(newer.held.size).toBe(2), REBALANCED);
        await newer.subscription.close();
      }
    } finally {
      await other.close({ drainMs: 0 });
    }
  });

  it('hands out what clients of the package are made from', async () => {
    const { load, options } = driver.unwrap<PlatformaticClients>();
    const { Admin } = await load();
    const admin = new Admin(options);
    try {
      expect(await admin.listTopics()).toEqual(['a']);
    } finally {
      await admin.close();
    }
  });
});
