import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { ApiKey, EmbeddedKafka, fault } from '@parley/embedded-kafka';
import { ParleyRecordBuilder, type ParleyClient } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';

@Controller()
class GreetController {
  @MessagePattern('greet')
  greet(@Payload() name: string): string {
    return `hello ${name}`;
  }
}

const impatient = (name: string) => new ParleyRecordBuilder(name).setWaitForReady(false).build();
const greet = (client: ParleyClient, data: unknown) =>
  firstValueFrom(client.send<string>('greet', data)).catch((failure: unknown) => failure);

const nobody = {
  status: 'UNAVAILABLE',
  message: expect.stringMatching(/^no instance of greeter is there/) as string,
};

describe('a call to a service that nobody runs', () => {
  const services = new Services();
  afterEach(() => services.stop());

  it('waits by default: whoever comes up within its timeout answers it', async () => {
    const answer = greet(services.client('greeter'), 'ada');
    await services.start('greeter', [GreetController]);
    expect(await answer).toBe('hello ada');
  });

  it('fails at once where that is asked for, and produces no record', async () => {
    const server = await services.start('greeter', [GreetController]);
    const client = services.client('greeter');
    expect(await greet(client, impatient('ada'))).toBe('hello ada');
    await server.close();
    // What was known of the group counts for a second: a call of that time waits as others do.
    const brief = new ParleyRecordBuilder('bob').setWaitForReady(false).setTimeout(300).build();
    await expect.poll(() => greet(client, brief), { timeout: 5000 }).toMatchObject(nobody);
    const calls = `${services.prefix}greeter.calls`;
    const records = (await readTopic(calls)).length;
    const begin = performance.now();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => greet(client, impatient('eve'))));
    for (const outcome of outcomes) expect(outcome).toMatchObject(nobody);
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(await readTopic(calls)).toHaveLength(records);
  });

  it('fails at once for all calls of a client that was told so, unless one says otherwise', async () => {
    const client = services.client('greeter', { waitForReady: false });
    await expect.poll(() => greet(client, 'ada'), { timeout: 5000 }).toMatchObject(nobody);
    const patient = greet(client, new ParleyRecordBuilder('bob').setWaitForReady(true).build());
    await services.start('greeter', [GreetController]);
    expect(await patient).toBe('hello bob');
    await expect.poll(() => greet(client, 'cyd'), { timeout: 5000 }).toBe('hello cyd');
  });

  it('goes its usual way where the cluster does not say whether anybody is there', async () => {
    const kafka = await EmbeddedKafka.start();
    try {
      kafka.intercept(ApiKey.DescribeGroups, () => fault.drop);
      const own = { kafka: { brokers: kafka.bootstrap }, waitForReady: false };
      const answer = greet(services.client('greeter', own), 'ada');
      await services.start('greeter', [GreetController], own);
      expect(await answer).toBe('hello ada');
      await services.stop();
    } finally {
      await kafka.close();
    }
  });

  it('is told by iteration too', async () => {
    const client = services.client('nowhere', { waitForReady: false });
    const iterate = async () => {
      const items: unknown[] = [];
      for await (const item of client.send('greet', 'ada')) items.push(item);
      return items;
    };
    await expect(iterate()).rejects.toMatchObject({ status: 'UNAVAILABLE' });
  });
});
