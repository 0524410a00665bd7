import { EmbeddedKafka } from '@parley/embedded-kafka';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Link, ParleyClient, ParleyRecordBuilder } from '@parley/transport';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

@Controller()
class LateController {
  @MessagePattern('hello')
  hello(@Payload() name: string): string {
    return `hello ${name}`;
  }
}

function pendingOf(client: ParleyClient): number {
  return (client as unknown as { link: Link }).link.health().pendingCalls;
}

describe('outages', () => {
  const services = new Services();
  afterAll(() => services.stop());

  it('a server that starts after the call, within its time-out, answers it', async () => {
    const client = services.client('late');
    const answer = lastValueFrom(client.send<string>('hello', 'ada'));
    await services.start('late', [LateController]);
    expect(await answer).toBe('hello ada');
    expect(pendingOf(client)).toBe(0);
  });

  it('a call that nobody answers ends DEADLINE_EXCEEDED, and leaves nothing pending', async () => {
    const client = services.client('nobody');
    await client.connect();
    const call = lastValueFrom(client.send('hello', new ParleyRecordBuilder('x').setTimeout(300).build()));
    await expect(call).rejects.toMatchObject({
      status: 'DEADLINE_EXCEEDED',
      message: 'no answer to hello within 300 ms',
    });
    expect(pendingOf(client)).toBe(0);
  });

  it('a request that nobody waits for any more does not reach its handler', async () => {
    let reached = 0;
    @Controller()
    class CountingController {
      @MessagePattern('count')
      count(@Payload() _data: unknown): number {
        return (reached += 1);
      }
    }
    const client = services.client('slow-to-start');
    const call = firstValueFrom(client.send('count', new ParleyRecordBuilder(1).setTimeout(100).build()));
    await expect(call).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    // The server allows for clocks that are 2 s apart.
    const expired = Date.now() + 2000;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(expired), { timeout: 5000 });
    await services.start('slow-to-start', [CountingController]);
    expect(await firstValueFrom(client.send<number>('count', 1))).toBe(1);
  });

  it('while Kafka is away calls end UNAVAILABLE or in time once it is back', async () => {
    const kafka = await EmbeddedKafka.start();
    const options = { kafka: { brokers: kafka.bootstrap } };
    try {
      await services.start('survivor', [LateController], options);
      const client = services.client('survivor', options);
      expect(await lastValueFrom(client.send('hello', 'before'))).toBe('hello before');
      await kafka.stopBroker(1);
      const hopeless = lastValueFrom(
        client.send('hello', new ParleyRecordBuilder('x').setTimeout(400).build()),
      );
      await expect(hopeless).rejects.toMatchObject({
        status: expect.stringMatching(/^(UNAVAILABLE|DEADLINE_EXCEEDED)$/) as string,
      });
      const patient = lastValueFrom(client.send('hello', 'after'));
      await kafka.startBroker(1);
      expect(await patient).toBe('hello after');
    } finally {
      await services.stop();
      await kafka.close();
    }
  });

  it('where no Kafka is, a call says which address did not answer', async () => {
    const client = services.client('late', { kafka: { brokers: '127.0.0.1:1' } });
    const call = firstValueFrom(client.send('hello', new ParleyRecordBuilder('x').setTimeout(500).build()));
    await expect(call).rejects.toMatchObject({
      status: expect.stringMatching(/^(UNAVAILABLE|DEADLINE_EXCEEDED)$/) as string,
    });
    await expect(
      firstValueFrom(client.emit('e.x', new ParleyRecordBuilder(1).setTimeout(300).build())),
    ).rejects.toThrow('127.0.0.1:1');
    await client.close();
  });
});
