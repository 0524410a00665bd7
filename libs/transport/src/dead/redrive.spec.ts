import { gunzipSync, gzipSync } from 'node:zlib';
import { ApiKey, EmbeddedKafka, ErrorCode, fault } from '@parley/embedded-kafka';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, OutgoingRecord, ReceivedRecord } from '../drivers/driver.js';
import { driverFactory } from '../drivers/drivers.js';
import { DeadLetterOffice } from './dead-letter-office.js';
import { REDRIVE_HEADERS } from './history.js';
import { scan } from './scan.js';
import { letterRecord } from './spec/letters.js';

const ORIGIN = 'p-user.created';
const DEAD = 'p-user.created.mailer.dead';
const GROUP = 'p-mailer.redrive';

describe('a redrive', () => {
  let kafka: EmbeddedKafka;
  let driver: Driver;
  let office: DeadLetterOffice;
  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ topics: [ORIGIN, DEAD] });
    const { brokers } = kafka;
    driver = driverFactory('kafkajs')({ brokers, clientId: 'spec' }, new Logger());
    await driver.connect();
    office = await DeadLetterOffice.open({
      service: 'mailer',
      kafka: { brokers: [...brokers] },
      prefix: 'p-',
    });
  });
  afterEach(async () => {
    await office.close();
    await driver.close({ drainMs: 0 });
    await kafka.close();
  });

  async function write(...letters: ReceivedRecord[]): Promise<void> {
    const records: OutgoingRecord[] = letters.map(({ topic, key, value, headers }) => ({
      topic,
      partition: 0,
      key,
      value,
      headers,
    }));
    const [leader] = await driver.partitions(records[0]!.topic, { fresh: true });
    const [outcome] = await driver.produce(leader!.leader, records);
    expect(outcome?.error).toBeUndefined();
  }

  async function read(topic: string): Promise<ReceivedRecord[]> {
    const records: ReceivedRecord[] = [];
    const [extent] = await driver.extents(topic);
    await scan(driver, { topic, partition: 0, from: extent!.start, to: extent!.end }, record => {
      records.push(record);
    });
    return records;
  }

  const committed = () => driver.committed(GROUP, [{ topic: DEAD, partition: 0 }]);

  it('compresses what it sends as events of the topic are', async () => {
    const large = { ...letterRecord(), value: Buffer.from('room '.repeat(1000)) };
    await write(large);
    const gzip = { compress: vi.fn(compress), decompress };
    const compressing = await DeadLetterOffice.open({
      service: 'mailer',
      kafka: { brokers: [...kafka.brokers], codecs: { gzip } },
      prefix: 'p-',
      topics: { events: { compression: { [ORIGIN]: 'gzip' } } },
    });
    try {
      expect(await compressing.redrive({ dryRun: false })).toMatchObject({ redriven: 1, failed: 0 });
    } finally {
      await compressing.close();
    }
    expect(gzip.compress).toHaveBeenCalledOnce();
    const [record] = await read(ORIGIN);
    expect(record?.value).toEqual(large.value);
  });

  it('that is not told to changes nothing', async () => {
    await write(letterRecord(), letterRecord());
    expect(await office.redrive()).toMatchObject({ dryRun: true, redriven: 2 });
    expect(await read(ORIGIN)).toEqual([]);
    expect(await committed()).toEqual([]);
    expect(await driver.members(GROUP)).toBe(0);
  });

  it('without letters is done at once', async () => {
    expect(await office.redrive({ dryRun: false })).toMatchObject({ matched: 0, ended: 'end' });
  });

  it('leaves what is no letter of the service, wherever it would have itself put', async () => {
    const forged = letterRecord({ death: { origin: { topic: 'p-orders', partition: 0, offset: 0 } } });
    const strange = { ...letterRecord(), headers: {} };
    await write(forged, strange, letterRecord({ death: { service: 'counter' } }), letterRecord());
    expect(await office.redrive({ dryRun: false })).toMatchObject({ strangers: 3, matched: 1, redriven: 1 });
    expect(await driver.extents('p-orders')).toEqual([]);
  });

  it('leaves letters whose topic is gone, tells why, and takes them once it is there', async () => {
    const topic = 'p-gone.mailer.dead';
    await driver.ensureTopics([{ topic, partitions: 1, replication: -1 }], 'create');
    const gone = { topic: 'p-gone', partition: 0, offset: 1 };
    await write(letterRecord({ topic, death: { origin: gone } }));
    await write(letterRecord());
    expect(await office.redrive({ dryRun: false })).toMatchObject({
      redriven: 1,
      failed: 1,
      failures: [{ id: `${topic}/0/0`, status: 'NOT_FOUND', message: 'topic p-gone does not exist' }],
    });
    await driver.ensureTopics([{ topic: 'p-gone', partitions: 1, replication: -1 }], 'create');
    await expect
      .poll(async () => (await office.redrive({ dryRun: false })).redriven, { timeout: 10_000 })
      .toBe(1);
    expect(await read(ORIGIN)).toHaveLength(1);
  });

  it('stops at its limit, and the next one goes on', async () => {
    await write(...Array.from({ length: 10 }, () => letterRecord()));
    expect(await office.redrive({ dryRun: false, limit: 4 })).toMatchObject({ redriven: 4, ended: 'limit' });
    expect(await office.redrive({ limit: 4 })).toMatchObject({ redriven: 4, ended: 'limit' });
    expect(await office.redrive({ dryRun: false })).toMatchObject({ redriven: 6, ended: 'end' });
    expect(await read(ORIGIN)).toHaveLength(10);
  });

  it('ends before it has left out more than a commit can tell; nothing is redriven twice or lost', async () => {
    const each = 2500;
    for (let written = 0; written < each; written += 250) {
      const pair = () => [letterRecord({ key: 'a' }), letterRecord({ key: 'b' })];
      await write(...Array.from({ length: 250 }, pair).flat());
    }
    await expect(office.redrive({ key: 'a', dryRun: false })).rejects.toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('redrive some of what is before it first') as string,
    });
    const first = await read(ORIGIN);
    expect(first.length).toBeGreaterThan(1000);
    expect(first.length).toBeLessThan(each);
    expect(await office.redrive({ dryRun: false })).toMatchObject({ ended: 'end' });
    const letters = (await read(ORIGIN)).map(({ headers }) => String(headers[REDRIVE_HEADERS.letter]));
    expect(letters).toHaveLength(2 * each);
    expect(new Set(letters).size).toBe(2 * each);
    expect(await committed()).toMatchObject([{ offset: 2 * each, metadata: '' }]);
  });

  it('says so where its progress could not be committed', async () => {
    await write(letterRecord());
    kafka.intercept(ApiKey.OffsetCommit, () => fault.error(ErrorCode.GROUP_AUTHORIZATION_FAILED));
    await expect(office.redrive({ dryRun: false })).rejects.toMatchObject({
      message: expect.stringContaining('could not be committed') as string,
    });
  });

  it('loses no letter where brokers refuse for a while', async () => {
    await write(...Array.from({ length: 100 }, (_, n) => letterRecord({ key: String(n) })));
    let refusals = 0;
    kafka.intercept(ApiKey.Produce, () =>
      (refusals += 1) <= 5 ? fault.error(ErrorCode.NOT_ENOUGH_REPLICAS) : undefined,
    );
    expect(await office.redrive({ dryRun: false })).toMatchObject({ redriven: 100, failed: 0 });
    expect(await read(ORIGIN)).toHaveLength(100);
  });

  it.each([
    [{ perSecond: 0 }, /perSecond must be a number above 0/],
    [{ perSecond: Number.NaN }, /perSecond must be a number above 0/],
    [{ limit: -1 }, /limit must be a number above 0/],
  ])('refuses %j', async (options, why) => {
    await expect(office.redrive(options)).rejects.toThrow(why);
  });
});

function compress(bytes: Buffer): Buffer {
  return gzipSync(bytes);
}

function decompress(bytes: Buffer): Buffer {
  return gunzipSync(bytes);
}
