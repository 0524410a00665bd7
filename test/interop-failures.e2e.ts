import { Controller, Logger } from '@nestjs/common';
import { MessagePattern, Payload, type ClientKafka } from '@nestjs/microservices';
import { ParleyRecordBuilder, type ParleyClient } from '@parley/transport';
import { Kafka, logLevel } from 'kafkajs';
import { firstValueFrom, lastValueFrom, tap } from 'rxjs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Child } from './setup/child.js';
import { lagOf } from './setup/lag.js';
import { NestKafka } from './setup/nest-kafka.js';
import { Services } from './setup/services.js';
import { readTopic } from './setup/read-topic.js';
import { writeRecords } from './setup/write-record.js';

const MIB = 1024 * 1024;

describe('a server of the built-in’s that is killed', () => {
  const services = new Services();
  const nest = new NestKafka();
  const { prefix } = services;
  let server: Child;
  let client: ParleyClient;

  beforeAll(async () => {
    await nest.topics(['never', 'begun'].map(pattern => prefix + pattern));
    server = new Child('doomed-nest-server.mjs', {
      brokers: inject('brokers'),
      group: `${prefix}doomed`,
      prefix,
    });
    await server.says('listening');
    client = services.client('doomed', { transport: 'nest-kafka' });
  });
  afterAll(async () => {
    server.kill();
    await services.stop();
  });

  it('ends the calls that it had begun with, each within its time', async () => {
    await firstValueFrom(client.send('begun', {}));
    const inTime = new ParleyRecordBuilder({}).setTimeout(1000).build();
    const items: unknown[] = [];
    const stream = lastValueFrom(client.send('begun', inTime).pipe(tap(item => items.push(item))));
    const streamed = expect(stream).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    await vi.waitFor(() => expect(items).toEqual(['first']));
    const answered = expect(lastValueFrom(client.send('never', inTime))).rejects.toMatchObject({
      status: 'DEADLINE_EXCEEDED',
    });
    await vi.waitFor(() => expect(server.said).toContain('never'));
    server.kill();
    await Promise.all([streamed, answered]);
    expect(items).toEqual(['first']);
  });
});

describe('a ParleyServer among callers of the built-in’s', () => {
  const services = new Services();
  const nest = new NestKafka();
  const { prefix } = services;
  const group = `${prefix}moved-server`;
  const running: (() => void)[] = [];
  let client: ClientKafka;

  @Controller()
  class MovedController {
    @MessagePattern('size')
    size(@Payload() { text }: { text: string }) {
      return { size: text.length };
    }

    @MessagePattern('grow')
    grow(@Payload() { size }: { size: number }) {
      return { text: 'x'.repeat(size) };
    }

    @MessagePattern('lonely')
    lonely() {
      return new Promise<string>(resolve => running.push(() => resolve('nobody hears this')));
    }
  }

  beforeAll(async () => {
    vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    await nest.topics(['size', 'grow', 'lonely'].map(pattern => prefix + pattern));
    await services.start('moved', [MovedController], { nestKafka: { group } });
    client = await nest.client(`${prefix}caller`, [`${prefix}size`, `${prefix}grow`]);
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await nest.stop();
    await services.stop();
  });

  it('answers the next ones, whatever the headers of those before it', async () => {
    const good = {
      kafka_correlationId: 'good',
      kafka_replyTopic: `${prefix}size.reply`,
      kafka_replyPartition: '1',
    };
    const bad: Record<string, string | Buffer>[] = [
      { kafka_correlationId: '' },
      { kafka_correlationId: 'i'.repeat(10_000) },
      { kafka_correlationId: Buffer.from([0xff, 0xfe, 0x00, 0x80]) },
      { kafka_replyTopic: '' },
      { kafka_replyTopic: '../etc' },
      { kafka_replyTopic: 'x'.repeat(300) },
      { kafka_replyPartition: '-1' },
      { kafka_replyPartition: '1e9' },
      { kafka_replyPartition: 'NaN' },
    ];
    const value = '{"text":"abc"}';
    await writeRecords(
      `${prefix}size`,
      ...bad.map(headers => ({ key: 'k', value, headers: { ...good, ...headers } })),
      { key: 'k', value: '\u0000{broken', headers: good },
      { key: 'k', value, headers: good },
    );
    await vi.waitFor(async () => {
      const replies = await readTopic(`${prefix}size.reply`);
      const answered = replies.filter(({ headers }) => headers['kafka_correlationId'] === 'good');
      expect(answered.map(reply => reply.value)).toEqual([null, '{"size":3}']);
    });
  });

  it('answers on any partition where a request names none, as the built-in does', async () => {
    const headers = { kafka_correlationId: 'anywhere', kafka_replyTopic: `${prefix}size.reply` };
    await writeRecords(`${prefix}size`, { value: '{"text":"abcd"}', headers });
    await vi.waitFor(async () => {
      const replies = await readTopic(`${prefix}size.reply`);
      const answered = replies.filter(reply => reply.headers['kafka_correlationId'] === 'anywhere');
      expect(answered.map(({ value }) => value)).toEqual(['{"size":4}']);
    });
  });

  it('takes what Kafka takes, and says so where an answer is more than that', async () => {
    const large = 900 * 1024;
    const sized = await lastValueFrom(client.send(`${prefix}size`, { text: 'x'.repeat(large) }));
    expect(sized).toEqual({ size: large });
    const grown = await lastValueFrom(client.send<{ text: string }>(`${prefix}grow`, { size: large }));
    expect(grown.text).toHaveLength(large);
    await expect(lastValueFrom(client.send(`${prefix}grow`, { size: 2 * MIB }))).rejects.toMatchObject({
      status: 'INVALID_ARGUMENT',
    });
  });

  it('is held up by no caller whose topic of replies is gone', async () => {
    const admin = new Kafka({ brokers: inject('brokers').split(','), logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const request = {
      key: 'k',
      value: '{}',
      headers: {
        kafka_correlationId: 'gone',
        kafka_replyTopic: `${prefix}lonely.reply`,
        kafka_replyPartition: '0',
      },
    };
    await writeRecords(`${prefix}lonely`, request);
    await vi.waitFor(() => expect(running).toHaveLength(1));
    await admin.deleteTopics({ topics: [`${prefix}lonely.reply`] });
    await admin.disconnect();
    running[0]!();
    expect(await lastValueFrom(client.send(`${prefix}size`, { text: 'ab' }))).toEqual({ size: 2 });
    await writeRecords(`${prefix}lonely`, request);
    await vi.waitFor(async () => expect(await lagOf(group, `${prefix}lonely`)).toBe(0), 20_000);
  });
});
