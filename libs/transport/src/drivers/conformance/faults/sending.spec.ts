import { ApiKey, ErrorCode, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, ReceivedRecord } from '../../driver.js';
import { DRIVERS } from '../drivers.js';
import { Outbox } from '../outbox.js';
import { record, Stage, values } from '../stage.js';

describe.each(DRIVERS)('%s: sending, with faults', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  let outbox: Outbox;
  let read: ReceivedRecord[];
  beforeEach(async () => {
    stage = await Stage.embedded(make, { brokers: 2, topics: [{ name: 'a', partitions: 2 }] });
    driver = await stage.driver({ requestTimeoutMs: 100 });
    outbox = new Outbox(driver);
    read = [];
    const onBatch = ({ records }: { records: readonly ReceivedRecord[] }) => void read.push(...records);
    await (await stage.driver()).tail({ topic: 'a', partitions: [0], from: 0, onBatch, onGap() {} });
  });
  afterEach(async () => {
    await outbox.close();
    await stage.close();
  });

  /** Gives records for one partition in several batches, each once the one before it was taken. */
  async function sendBatches(count: number): Promise<string[]> {
    const sent: string[] = [];
    for (let batch = 0; batch < count; batch++) {
      for (let index = 0; index < 3; index++) {
        sent.push(`${batch}.${index}`);
        outbox.send(record('a', 0, `${batch}.${index}`));
      }
      const taken = stage.kafka.offsetsOf('a', 0).end;
      await vi.waitFor(() => expect(stage.kafka.offsetsOf('a', 0).end).toBeGreaterThan(taken), 5_000);
    }
    await outbox.settled();
    return sent;
  }

  async function expectAll(sent: readonly string[]): Promise<void> {
    expect(outbox.failed).toEqual(new Map());
    await vi.waitFor(() => expect(values(read)).toContain(sent.at(-1)), 5_000);
    outbox.expectRead(read, sent);
  }

  it('keeps the order of a partition when answers are lost', async () => {
    stage.kafka.inject({ api: ApiKey.Produce, topic: 'a', times: 3 }, fault.dropResponse);
    const sent = await sendBatches(5);
    await expectAll(sent);
    expect(read.length).toBeGreaterThan(sent.length); // a batch whose answer was lost is there twice
  });

  it('keeps the order of a partition when requests are lost', async () => {
    stage.kafka.inject({ api: ApiKey.Produce, topic: 'a', times: 2 }, fault.drop);
    const sent = ['1', '2', '3', '4', '5', '6'];
    for (const value of sent) {
      outbox.send(record('a', 0, value));
      await driver.partitions('a', { fresh: true }); // so that each leaves by itself, or waits for those before it
    }
    await outbox.settled();
    await expectAll(sent);
    expect(read).toHaveLength(sent.length);
  });

  it('keeps the order of a partition when an answer stalls half way', async () => {
    stage.kafka.inject({ api: ApiKey.Produce, topic: 'a', times: 1 }, fault.stall);
    await expectAll(await sendBatches(3));
  });

  it('takes an answer that trickles in for what it is, once', async () => {
    stage.kafka.inject({ api: ApiKey.Produce, topic: 'a' }, fault.trickle(1, 16));
    const sent = await sendBatches(3);
    await expectAll(sent);
    expect(read).toHaveLength(sent.length);
  });

  it('keeps the order of a partition when its connection breaks after the records were taken', async () => {
    stage.kafka.inject({ api: ApiKey.Produce, topic: 'a', times: 2 }, fault.closeAfter);
    await expectAll(await sendBatches(4));
  });

  it('keeps the order of a partition that is refused beside one that is taken', async () => {
    stage.kafka.moveLeader('a', 0, 1);
    stage.kafka.moveLeader('a', 1, 1);
    const { NOT_ENOUGH_REPLICAS } = ErrorCode;
    const seen = vi.fn();
    stage.kafka.intercept(ApiKey.Produce, ({ partitions }) => void seen(partitions.length));
    stage.kafka.inject(
      { api: ApiKey.Produce, topic: 'a', partition: 0, times: 3 },
      fault.error(NOT_ENOUGH_REPLICAS),
    );
    const sent = ['1', '2', '3', '4'];
    for (const value of sent) outbox.send(record('a', 0, value), record('a', 1, `other ${value}`));
    await outbox.settled();
    expect(seen).toHaveBeenCalledWith(2);
    await expectAll(sent);
    expect(read).toHaveLength(sent.length);
    expect(outbox.acknowledged.get('other 1')).toBe(0);
  });

  it('keeps the order of a partition while its leader moves with answers lost', async () => {
    stage.kafka.inject({ api: ApiKey.Produce, topic: 'a', times: 2 }, fault.dropResponse);
    const sent: string[] = [];
    for (let batch = 0; batch < 6; batch++) {
      sent.push(`${batch}`);
      outbox.send(record('a', 0, `${batch}`));
      stage.kafka.moveLeader('a', 0, 3 - stage.kafka.leaderOf('a', 0));
      const taken = stage.kafka.offsetsOf('a', 0).end;
      await vi.waitFor(() => expect(stage.kafka.offsetsOf('a', 0).end).toBeGreaterThan(taken), 5_000);
    }
    await outbox.settled();
    await expectAll(sent);
  });

  it('loses nothing when a leader moves to the broker that has just acknowledged a neighbour', async () => {
    stage.kafka.moveLeader('a', 0, 1);
    stage.kafka.moveLeader('a', 1, 2);
    outbox.send(record('a', 0, 'warm'), record('a', 1, 'warm 1'));
    await outbox.settled();
    stage.kafka.intercept(ApiKey.Produce, ({ nodeId, partitions }) => {
      if (nodeId !== 1 || !partitions.some(({ partition }) => partition === 0)) return undefined;
      stage.kafka.moveLeader('a', 0, 2); // what was sent here is refused, and belongs where the neighbour went
      return undefined;
    });
    outbox.send(record('a', 0, 'moved'), record('a', 1, 'neighbour'));
    await outbox.settled();
    await expectAll(['warm', 'moved']);
    expect(outbox.acknowledged.get('neighbour')).toBe(1);
  });

  it('goes on in order when every broker stops and comes back', async () => {
    const sent = await sendBatches(2);
    await Promise.all([stage.kafka.stopBroker(1), stage.kafka.stopBroker(2)]);
    outbox.send(...['x', 'y', 'z'].map(value => record('a', 0, value)));
    await Promise.all([stage.kafka.startBroker(1), stage.kafka.startBroker(2)]);
    await outbox.settled();
    await expectAll([...sent, 'x', 'y', 'z']);
  });
});
