import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { ParleyClient, ParleyContext } from '@parley/transport';
import { Kafka, logLevel } from 'kafkajs';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Services } from './setup/services.js';

interface Envelope {
  id: string;
  type: string;
  timestamp: number;
  correlationId: string;
}
const events: (Envelope & { data: unknown })[] = [];
let inner: ParleyClient;

function envelope(context: ParleyContext): Envelope {
  const { messageId, timestamp, correlationId } = context;
  return { id: messageId, type: context.getPattern(), timestamp, correlationId };
}

@Controller()
class OuterController {
  @MessagePattern('outer')
  async outer(@Payload() _data: unknown, @Ctx() context: ParleyContext): Promise<Envelope[]> {
    await firstValueFrom(inner.emit('hop.made', 'from outer'));
    return [envelope(context), await firstValueFrom(inner.send<Envelope>('inner', 1))];
  }
}

@Controller()
class InnerController {
  @MessagePattern('inner')
  inner(@Payload() _data: unknown, @Ctx() context: ParleyContext): Envelope {
    return envelope(context);
  }

  @EventPattern<string>('hop.made')
  hop(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    events.push({ ...envelope(context), data });
  }
}

describe('the envelope', () => {
  const services = new Services();
  beforeAll(async () => {
    inner = services.client('inner', { from: 'outer' });
    await services.start('inner', [InnerController]);
    await services.start('outer', [OuterController]);
  });
  afterAll(() => services.stop());

  it('has an id, type and time for each message, and keeps the correlation id across hops', async () => {
    const [first, second] = await firstValueFrom(services.client('outer').send<Envelope[]>('outer', 1));
    expect(first).toMatchObject({ type: 'outer', correlationId: first!.id });
    expect(second).toMatchObject({ type: 'inner', correlationId: first!.id });
    expect(second!.id).not.toBe(first!.id);
    expect(Math.abs(first!.timestamp - Date.now())).toBeLessThan(60_000);
    await vi.waitFor(() => expect(events).toHaveLength(1));
    expect(events[0]).toMatchObject({ type: 'hop.made', correlationId: first!.id, data: 'from outer' });
  });

  it('is made where another producer gave none', async () => {
    const producer = new Kafka({
      brokers: inject('brokers').split(','),
      logLevel: logLevel.NOTHING,
    }).producer();
    await producer.connect();
    const topic = `${services.prefix}hop.made`;
    await producer.send({
      topic,
      messages: [
        { value: '{"foreign":true}', headers: { 'correlation-id': 'theirs' } },
        { value: 'not json' },
      ],
    });
    await producer.disconnect();
    await vi.waitFor(() => expect(events).toHaveLength(3));
    const foreign = events.find(({ correlationId }) => correlationId === 'theirs');
    expect(foreign).toMatchObject({ type: 'hop.made', data: { foreign: true } });
    expect(events.find(({ data }) => Buffer.isBuffer(data))).toMatchObject({
      id: expect.stringContaining(topic) as string,
    });
  });
});
