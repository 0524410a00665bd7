import { randomBytes } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload, type ClientKafka, type KafkaContext } from '@nestjs/microservices';
import {
  ParleyRecordBuilder,
  type ParleyClient,
  type ParleyContext,
  type ParleyException,
  type RecordMetadata,
} from '@parley/transport';
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

const heard: unknown[] = [];

@Controller()
class ListeningController {
  @EventPattern<string>('happened')
  happened(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    heard.push({ data, key: context.key, tenant: context.headers['tenant'] });
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
      services.start('giver', [givingController(''), ListeningController], {
        nestKafka: { group: `${ours}giver-server` },
      }),
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

  it.each([{ a: 1 }, 42, 'text', '{"a":1}'])(
    'emit events that a ParleyServer hands on as they are: %j',
    async data => {
      const readAsText = typeof data === 'number' ? String(data) : data;
      const expected = data === '{"a":1}' ? { a: 1 } : readAsText;
      heard.length = 0;
      await lastValueFrom(
        client.emit(`${ours}happened`, { key: 'k1', value: data, headers: { tenant: 'blue' } }),
      );
      await vi.waitFor(() => expect(heard).toEqual([{ data: expected, key: 'k1', tenant: 'blue' }]));
    },
  );

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

describe('a ParleyClient that calls a service of Nest’s built-in Kafka transport', () => {
  const services = new Services();
  const nest = new NestKafka();
  const { prefix } = services;
  const handled: unknown[] = [];
  let client: ParleyClient;

  @Controller()
  class OtherController {
    @EventPattern<string>(`${prefix}happened`)
    happened(@Payload() data: unknown, @Ctx() context: KafkaContext): void {
      const { key, headers } = context.getMessage();
      handled.push({
        data,
        key: String(key),
        tenant: headers?.['tenant'],
        partition: context.getPartition(),
      });
    }
  }

  beforeAll(async () => {
    await nest.topics(['give', 'describe', 'happened', 'unserved'].map(pattern => prefix + pattern));
    await nest.server(`${prefix}giver`, [givingController(prefix), OtherController]);
    client = services.client('giver', { transport: 'nest-kafka' });
  });
  afterAll(async () => {
    await services.stop();
    await nest.stop();
  });

  it.each([
    ['object', [{ a: 1, nested: { list: [1, null, 'x'] } }]],
    ['number', ['42']],
    ['undefined', [null]],
    ['three items', ['a', 'b', 'c']],
    ['items whose end comes later', ['a', 'b']],
    ['no item', [null]],
  ])('is given what it answers: %s', async (kind, items) => {
    expect(await outcome(client.send('give', { kind }))).toEqual({ items });
    const pulled: unknown[] = [];
    for await (const item of client.send('give', { kind })) pulled.push(item);
    expect(pulled).toEqual(items);
  });

  it.each([
    ['an RpcException of text', 'UNKNOWN', 'no', undefined],
    ['an RpcException of an object', 'NOT_FOUND', 'gone', { code: 'NOT_FOUND', message: 'gone', id: 7 }],
    ['an error', 'INTERNAL', 'Internal server error', undefined],
  ])('is told its errors as a status, and the object whole: %s', async (kind, status, message, details) => {
    const error: unknown = await lastValueFrom(client.send('give', { kind })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ status, message });
    expect((error as ParleyException).details).toEqual(details);
  });

  it('is told an error that comes midway after the items before it', async () => {
    const { items, error } = (await outcome(
      client.send('give', { kind: 'two items and an error' }),
    )) as never;
    expect(items).toEqual(['a', 'b']);
    expect(error).toMatchObject({ status: 'UNKNOWN', message: 'midway' });
  });

  it.each([{ a: 1 }, 'text', 42])(
    'gives its handlers what they read of the built-in’s own: %j',
    async data => {
      const type = typeof data === 'number' ? 'string' : typeof data;
      const read = typeof data === 'number' ? String(data) : data;
      expect(await lastValueFrom(client.send('describe', data))).toEqual({ type, data: read });
    },
  );

  it('waits for an answer no longer than its timeout', async () => {
    const call = client.send('unserved', new ParleyRecordBuilder({}).setTimeout(300).build());
    await expect(lastValueFrom(call)).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  });

  it('emits events that it handles, with their key and headers', async () => {
    const record = new ParleyRecordBuilder({ id: 7 }).setKey('k7').setHeaders({ tenant: 'blue' }).build();
    const { partition } = await lastValueFrom(client.emit<RecordMetadata>('happened', record));
    await vi.waitFor(() =>
      expect(handled).toEqual([{ data: { id: 7 }, key: 'k7', tenant: 'blue', partition }]),
    );
  });
});
