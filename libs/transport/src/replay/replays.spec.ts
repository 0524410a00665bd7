import { ApiKey, EmbeddedKafka } from '@parley/embedded-kafka';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../drivers/driver.js';
import { driverFactory } from '../drivers/drivers.js';
import { crc32c } from '../drivers/protocol/crc32c.js';
import { ParleyServer } from '../server/parley-server.js';

const NO_SUCH_CODEC = 7;

describe('a replay, whatever becomes of its log', () => {
  let kafka: EmbeddedKafka;
  let driver: Driver;
  let server: ParleyServer;
  let handle: (data: unknown) => Promise<void>;
  let handled: unknown[];

  beforeEach(async () => {
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    kafka = await EmbeddedKafka.start({ topics: ['thing'] });
    const { brokers } = kafka;
    driver = driverFactory('kafkajs')({ brokers, clientId: 'spec' }, new Logger());
    await driver.connect();
    handled = [];
    handle = async () => undefined;
    // A service that is given nothing by itself: what it handles is replayed.
    server = new ParleyServer({
      service: 'shop',
      kafka: { brokers: [...brokers] },
      topics: { events: { partitions: 1 } },
      eventsFrom: 'latest',
    });
    const handler = async (data: unknown) => {
      handled.push(data);
      await handle(data);
    };
    server.addHandler('thing', handler, true);
  });
  afterEach(async () => {
    await server.close();
    await driver.close({ drainMs: 0 });
    await kafka.close();
    vi.restoreAllMocks();
  });

  async function listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      server.listen(error => (error ? reject(error) : resolve()));
    });
  }

  async function write(...values: string[]): Promise<void> {
    const [leader] = await driver.partitions('thing', { fresh: true });
    for (const value of values) {
      const record = { topic: 'thing', partition: 0, key: null, value: Buffer.from(value), headers: {} };
      const [outcome] = await driver.produce(leader!.leader, [record]);
      expect(outcome?.error).toBeUndefined();
    }
  }

  /** What is produced next cannot be read by anybody: its offsets hold no record, as a transaction's marker does not. */
  function spoilNext(): void {
    const remove = kafka.intercept(ApiKey.Produce, ({ body }) => {
      remove();
      const [topic] = body['topicData'] as { partitionData: { records: Buffer }[] }[];
      const batch = topic!.partitionData[0]!.records;
      batch.writeInt16BE(NO_SUCH_CODEC, 21);
      batch.writeUInt32BE(crc32c(batch, 21), 17);
      return undefined;
    });
  }

  it('goes on where its broker is restarted in the middle, and repeats nothing', async () => {
    const large = 'x'.repeat(600 * 1024);
    await write(...Array.from({ length: 10 }, (_, n) => `${n} ${large}`));
    await listen();
    handle = async data => {
      if (!String(data).startsWith('1 ')) return;
      await kafka.stopBroker(1);
      await kafka.startBroker(1);
    };
    const report = await server.replay('thing', { from: 'earliest', concurrency: 1 });
    expect(report.failures).toEqual([]);
    expect(report).toMatchObject({ ended: 'end', handled: 10, failed: 0, next: { 0: 10 } });
    expect(handled.map(data => Number.parseInt(String(data), 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('ends where its last offsets hold no record', async () => {
    await write('1');
    spoilNext();
    await write('2', '3');
    spoilNext();
    await write('4');
    await listen();
    const report = await server.replay('thing', { from: { 0: 0 } });
    expect(report).toMatchObject({ ended: 'end', handled: 2, next: { 0: 4 } });
    expect(handled).toEqual([1, 3]);
  });

  it('goes on behind what is deleted while it waits for its handler', async () => {
    const large = 'x'.repeat(600 * 1024);
    await write(...Array.from({ length: 12 }, (_, n) => `${n} ${large}`));
    await listen();
    handle = async data => {
      if (String(data).startsWith('0 ')) kafka.deleteRecords('thing', 0, { before: 10 });
    };
    const report = await server.replay('thing', { from: 'earliest', concurrency: 1 });
    expect(report).toMatchObject({ ended: 'end', failed: 0, next: { 0: 12 } });
    expect(report.partitions).toEqual([{ partition: 0, from: 0, to: 12, truncated: true }]);
    expect(handled.slice(-2).map(data => Number.parseInt(String(data), 10))).toEqual([10, 11]);
    expect(handled.length).toBeLessThan(12);
  });

  it('stops where a failed event can be kept nowhere, and says from where to go on', async () => {
    await write('1', '2');
    await listen();
    handle = async data => {
      if (data === 2) throw new Error('no');
    };
    kafka.deny({ operation: 'Write', resource: { topic: 'thing.shop.dead' } });
    const stopped = server.replay('thing', { from: 'earliest', concurrency: 1 });
    await expect(stopped).rejects.toMatchObject({
      status: 'UNAVAILABLE',
      details: { ended: 'interrupted', handled: 1, next: { 0: 1 } },
    });
  });
});
