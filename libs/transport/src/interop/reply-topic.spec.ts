import { describe, expect, it, vi } from 'vitest';
import type { Driver, PartitionLeader, ReceivedRecord, TailOptions } from '../drivers/driver.js';
import { ReplyTopic } from './reply-topic.js';

interface FakeTail {
  options: TailOptions;
  reading: boolean;
  closed: boolean;
}

function stage(partitions: PartitionLeader[]) {
  const tails: FakeTail[] = [];
  const driver = {
    partitions: async () => partitions,
    tail: async (options: TailOptions) => {
      const tail = { options, reading: true, closed: false };
      tails.push(tail);
      return {
        ...tail,
        get reading() {
          return tail.reading;
        },
        close: async () => void (tail.closed = true),
      };
    },
  } as unknown as Driver;
  const provide = vi.fn(async () => undefined);
  return {
    tails,
    provide,
    topic: new ReplyTopic(driver, { topic: 'price.reply', provide, random: () => 0 }),
  };
}

function reply(id: string): ReceivedRecord {
  const headers = { kafka_correlationId: Buffer.from(id) };
  return { topic: 'price.reply', partition: 0, offset: 0, timestamp: 0, key: null, value: null, headers };
}

const receiver = () => ({ receiveRecord: vi.fn(), abandon: vi.fn() });

describe('the topic of replies', () => {
  it('is read on one partition for all calls, each of which gets its own', async () => {
    const { topic, tails, provide } = stage([
      { partition: 0, leader: 1 },
      { partition: 1, leader: 1 },
    ]);
    const [one, other] = [receiver(), receiver()];
    expect(await Promise.all([topic.expect('1', one), topic.expect('2', other)])).toEqual([0, 0]);
    expect(tails.map(({ options }) => options.from)).toEqual(['end']);
    expect(provide).toHaveBeenCalledOnce();
    tails[0]!.options.onBatch({ records: [reply('2'), reply('unknown')] } as never);
    expect(one.receiveRecord).not.toHaveBeenCalled();
    expect(other.receiveRecord).toHaveBeenCalledOnce();
    topic.forget('2');
    tails[0]!.options.onBatch({ records: [reply('2')] } as never);
    expect(other.receiveRecord).toHaveBeenCalledOnce();
  });

  it('gives calls another partition while one has no leader, and reads that on until its calls end', async () => {
    const partitions = [
      { partition: 0, leader: 1 },
      { partition: 1, leader: 1 },
    ];
    const { topic, tails } = stage(partitions);
    const before = receiver();
    expect(await topic.expect('1', before)).toBe(0);
    tails[0]!.reading = false;
    expect(await topic.expect('2', receiver())).toBe(0);
    partitions[0]!.leader = -1;
    expect(await topic.expect('3', receiver())).toBe(1);
    tails[0]!.options.onBatch({ records: [reply('1')] } as never);
    expect(before.receiveRecord).toHaveBeenCalledOnce();
    expect(tails[0]!.closed).toBe(false);
  });

  it('ends the calls that may have lost a reply', async () => {
    const { topic, tails } = stage([{ partition: 0, leader: 1 }]);
    const call = receiver();
    await topic.expect('1', call);
    tails[0]!.options.onGap({ topic: 'price.reply', partition: 0, expected: 1, resumedAt: 9 });
    expect(call.abandon).toHaveBeenCalledWith(expect.objectContaining({ code: 'DATA_LOSS' }));
  });

  it('that is missing is told, and asked for again with the next call', async () => {
    const partitions: PartitionLeader[] = [];
    const { topic } = stage(partitions);
    await expect(topic.expect('1', receiver())).rejects.toThrow('price.reply does not exist');
    partitions.push({ partition: 0, leader: 1 });
    expect(await topic.expect('1', receiver())).toBe(0);
  });
});
