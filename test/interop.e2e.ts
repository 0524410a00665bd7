import { randomBytes } from 'node:crypto';
import type { ClientKafka } from '@nestjs/microservices';
import { lastValueFrom, tap, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { writeRecords } from './setup/write-record.js';
import { givingController, KINDS } from './setup/giving-controller.js';
import { NestKafka } from './setup/nest-kafka.js';
import { Services } from './setup/services.js';

/** All that a subscriber gets of a reply. */
async function outcome(reply: Observable<unknown>): Promise<unknown> {
  const items: unknown[] = [];
  try {
    await lastValueFrom(reply.pipe(tap(item => items.push(item))), { defaultValue: undefined });
    return { items };
  } catch (error) {
    return { items, error };
  }
}

describe('callers that use Nest’s built-in Kafka transport', () => {
  const services = new Services();
  const nest = new NestKafka();
  const old = `t${randomBytes(4).toString('hex')}-`;
  const ours = services.prefix;
  let client: ClientKafka;

  beforeAll(async () => {
    await nest.topics([`${old}give`, `${old}describe`]);
    await Promise.all([
      nest.server(`${old}giver`, [givingController(old)]),
      services.start('giver', [givingController('')], { nestKafka: { group: `${ours}giver-server` } }),
    ]);
    client = await nest.client(
      `${ours}caller`,
      [old, ours].flatMap(prefix => [`${prefix}give`, `${prefix}describe`]),
    );
  });
  afterAll(async () => {
    await nest.stop();
    await services.stop();
  });

  it.each(KINDS)('are given by a ParleyServer what the built-in’s own gives them: %s', async kind => {
    const given = await outcome(client.send(`${old}give`, { kind }));
    expect(await outcome(client.send(`${ours}give`, { kind }))).toEqual(given);
  });

  it.each([
    { a: [1, 'b', null] },
    42,
    true,
    'text',
    '{"a":1}',
    '[broken',
    { value: 'v', key: 'k', headers: { h: '1' } },
  ])('give a ParleyServer’s handler what they give the built-in’s: %j', async data => {
    const seen = await outcome(client.send(`${old}describe`, data));
    expect(await outcome(client.send(`${ours}describe`, data))).toEqual(seen);
  });

  it('are answered nowhere but on the topic of their pattern’s replies, and on a partition that it has', async () => {
    await nest.topics([`${ours}elsewhere`]);
    const request = (replyTopic: string, replyPartition: string) => ({
      value: '{"kind":"object"}',
      headers: {
        kafka_correlationId: 'forged',
        kafka_replyTopic: replyTopic,
        kafka_replyPartition: replyPartition,
      },
    });
    await writeRecords(
      `${ours}give`,
      request(`${ours}elsewhere`, '0'),
      request(`${ours}give.reply`, '1000000'),
      request(`${ours}give.reply`, 'x'),
      request(`${ours}giver.inbox`, '0'),
      request(`${ours}give.reply`, '1'),
    );
    await vi.waitFor(async () => {
      const replies = await readTopic(`${ours}give.reply`);
      const forged = replies.filter(({ headers }) => headers['kafka_correlationId'] === 'forged');
      expect(forged.map(({ partition }) => partition)).toEqual([1]);
    });
    expect(await readTopic(`${ours}elsewhere`)).toEqual([]);
    expect(await readTopic(`${ours}giver.inbox`)).toEqual([]);
  });
});
