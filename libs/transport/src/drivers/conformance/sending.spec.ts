import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, ReceivedRecord } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { Outbox } from './outbox.js';
import { record, Stage, values } from './stage.js';

describe.each(DRIVERS)('%s: sending', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  let outbox: Outbox;
  beforeEach(async () => {
    stage = await Stage.any(make);
    driver = await stage.driver();
    outbox = new Outbox(driver);
  });
  afterEach(async () => {
    await outbox.close();
    await stage.close();
  });

  async function readAll(topic: string, count: number): Promise<ReceivedRecord[]> {
    const read: ReceivedRecord[] = [];
    await driver.tail({
      topic,
      partitions: [0],
      from: 0,
      onBatch: ({ records }) => read.push(...records),
      onGap() {},
    });
    await vi.waitFor(() => expect(read).toHaveLength(count), 5_000);
    return read;
  }

  it('acknowledges every record with the offset that it is read at, and keeps their order', async () => {
    const topic = await stage.topic(2);
    const sent = Array.from({ length: 2_500 }, (_, index) => `${index}`);
    outbox.send(...sent.map(value => record(topic, 0, value)), record(topic, 1, 'other'));
    await outbox.settled();
    expect(outbox.failed).toEqual(new Map());
    expect(outbox.acknowledged.get('other')).toBe(0);
    outbox.expectRead(await readAll(topic, sent.length), sent);
  });

  it('fails only the record that is too large for the topic, and keeps the order of its neighbours', async () => {
    const topic = await stage.topic(1, { 'max.message.bytes': '4096' });
    const sent = Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(500)}`);
    const large = 'L'.repeat(5_000);
    const records = sent.map(value => record(topic, 0, value));
    outbox.send(...records.slice(0, 17), record(topic, 0, large), ...records.slice(17));
    await outbox.settled();
    expect([...outbox.failed.keys()]).toEqual([large]);
    expect(outbox.failed.get(large)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(outbox.failed.get(large)?.message).toContain(`larger than topic ${topic} takes`);
    outbox.expectRead(await readAll(topic, sent.length), sent);
  });

  it('fails only the record that the topic takes none of, and keeps the order of its neighbours', async () => {
    const topic = await stage.topic(1, { 'cleanup.policy': 'compact' });
    const sent = Array.from({ length: 40 }, (_, index) => `${index}`);
    const records = sent.map(value => ({ ...record(topic, 0, value), key: Buffer.from(value) }));
    outbox.send(...records.slice(0, 23), record(topic, 0, 'keyless'), ...records.slice(23));
    await outbox.settled();
    expect([...outbox.failed.keys()]).toEqual(['keyless']);
    expect(outbox.failed.get('keyless')).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(outbox.failed.get('keyless')?.message).toMatch(/none that topic .* takes: .*INVALID_RECORD/);
    outbox.expectRead(await readAll(topic, sent.length), sent);
  });

  it('fails what is for a partition or a topic that is not there, by name, and lets nothing wait for it', async () => {
    const topic = await stage.topic(2);
    const missing = stage.name();
    outbox.send(record(topic, 9, 'partition'), record(missing, 0, 'topic'), record(topic, 0, 'neighbour'));
    await vi.waitFor(() => expect(outbox.acknowledged.has('neighbour')).toBe(true));
    await outbox.settled();
    expect(outbox.failed.get('partition')).toEqual({
      code: 'NOT_FOUND',
      message: `topic ${topic} has no partition 9, it has 2`,
    });
    expect(outbox.failed.get('topic')).toEqual({
      code: 'NOT_FOUND',
      message: `topic ${missing} does not exist`,
    });
  });

  it('reaches the partitions that a topic has gained', async () => {
    const topic = await stage.topic(1);
    outbox.send(record(topic, 0, 'before'));
    await outbox.settled();
    await (await stage.driver()).ensureTopics([{ topic, partitions: 3, replication: -1 }], 'create');
    outbox.send(record(topic, 2, 'after'));
    await outbox.settled();
    expect(values(await readAll(topic, 1))).toEqual(['before']);
    expect(outbox.acknowledged.get('after')).toBe(0);
  });
});
