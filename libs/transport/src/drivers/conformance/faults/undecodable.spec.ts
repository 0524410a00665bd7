import { ApiKey, type EmbeddedKafka } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, ReceivedRecord } from '../../driver.js';
import { crc32c } from '../../protocol/crc32c.js';
import { DRIVERS } from '../drivers.js';
import { join, REBALANCED } from '../member.js';
import { record, send, Stage, values } from '../stage.js';

const GZIP = 1;
const NO_SUCH_CODEC = 7;

/** Makes the broker keep what is produced next as if it were compressed, which it is not: nobody can read it. */
function damageNext(kafka: EmbeddedKafka, codec: number): void {
  const remove = kafka.intercept(ApiKey.Produce, ({ body }) => {
    remove();
    const batch = recordsOf(body);
    batch.writeInt16BE(codec, 21);
    batch.writeUInt32BE(crc32c(batch, 21), 17);
    return undefined;
  });
}

function recordsOf(body: Readonly<Record<string, unknown>>): Buffer {
  const [topic] = body['topicData'] as { partitionData: { records: Buffer }[] }[];
  return topic!.partitionData[0]!.records;
}

describe.each(DRIVERS)('%s: a batch that cannot be decoded', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.embedded(make, { topics: ['a'] });
    driver = await stage.driver();
    await send(driver, record('a', 0, 'before'));
    for (const codec of [GZIP, NO_SUCH_CODEC]) {
      damageNext(stage.kafka, codec);
      await send(driver, record('a', 0, 'damaged'));
    }
    await send(driver, record('a', 0, 'after'));
    expect(stage.kafka.offsetsOf('a', 0).end).toBe(4);
  });
  afterEach(() => stage.close());

  const told = () =>
    stage.errors.map(({ error }) => error.message).filter(message => message.includes('skipped'));

  it('is passed by a tail, which tells so where no record comes of it', async () => {
    damageNext(stage.kafka, NO_SUCH_CODEC);
    await send(driver, record('a', 0, 'the last'));
    const passed: number[] = [];
    await driver.tail({
      topic: 'a',
      partitions: [0],
      from: 0,
      onBatch() {},
      onGap() {},
      onPassed: ({ offset }) => passed.push(offset),
    });
    await vi.waitFor(() => expect(passed.at(-1)).toBe(5), 5_000);
  });

  it('is skipped by a tail, which tells of its offsets once and reads on', async () => {
    const read: ReceivedRecord[] = [];
    await driver.tail({
      topic: 'a',
      partitions: [0],
      from: 0,
      onBatch: ({ records }) => read.push(...records),
      onGap() {},
    });
    await vi.waitFor(() => expect(values(read)).toEqual(['before', 'after']), 5_000);
    expect(told()).toEqual([
      expect.stringContaining('Offsets 1 to 1 of a[0] cannot be read and were skipped'),
      expect.stringContaining('Offsets 2 to 2 of a[0] cannot be read and were skipped'),
    ]);
  });

  it('is skipped by a member of a group, which can commit past it', async () => {
    const member = await join(driver, { group: 'g', topics: ['a'] });
    await vi.waitFor(() => expect(values(member.records)).toEqual(['before', 'after']), REBALANCED);
    expect(told()).toHaveLength(2);
    await member.subscription.commit([{ ...member.held.get(0)!, offset: 4 }]);
    await member.subscription.close();
    const next = await join(driver, { group: 'g', topics: ['a'] });
    await vi.waitFor(() => expect(next.held.get(0)?.committed?.offset).toBe(4), REBALANCED);
  });
});
