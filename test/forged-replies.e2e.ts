import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Kafka, logLevel } from 'kafkajs';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { forgedRequest } from './setup/forged-request.js';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';
import { writeRecords } from './setup/write-record.js';

const ran: number[] = [];

@Controller()
class EchoController {
  @MessagePattern('echo')
  echo(@Payload() n: number): number {
    ran.push(n);
    return n;
  }
}

describe('a request whose answer is to go to a topic that is no inbox', () => {
  const services = new Services();
  const { prefix } = services;
  /** Topics that are there, and that a server without access rules may write to. */
  const victims = [`${prefix}orders.placed`, `${prefix}other.calls`, `other-${prefix}bank.inbox`];
  beforeAll(async () => {
    const admin = new Kafka({
      clientId: 'forger',
      brokers: inject('brokers').split(','),
      logLevel: logLevel.NOTHING,
    }).admin();
    await admin.connect();
    await admin.createTopics({
      topics: victims.map(topic => ({ topic, numPartitions: 1 })),
      waitForLeaders: false,
    });
    await admin.disconnect();
    await services.start('echo', [EchoController]);
  });
  afterAll(() => services.stop());

  it.each(['calls', 'inbox'])('on the %s topic is neither run nor answered anywhere', async kind => {
    const client = services.client('echo', { from: 'honest' });
    expect(await firstValueFrom(client.send('echo', 0))).toBe(0);
    const topic = `${prefix}echo.${kind}`;
    // One to each partition: an instance reads one of its inbox's.
    for (const partition of [0, 1])
      await writeRecords(topic, ...victims.map(victim => ({ ...forgedRequest('echo', victim), partition })));
    // The honest stranger's is answered, so that the others before it were read.
    const answered = `${prefix}honest.inbox`;
    const known = (await readTopic(answered)).length;
    for (const partition of [0, 1])
      await writeRecords(topic, { ...forgedRequest('echo', answered, '2'), partition });
    await vi.waitFor(async () => expect((await readTopic(answered)).length).toBeGreaterThan(known), {
      timeout: 15_000,
    });
    expect(await firstValueFrom(client.send('echo', 3))).toBe(3);
    for (const victim of victims) expect(await readTopic(victim)).toEqual([]);
    expect(ran).not.toContain(1);
  });
});
