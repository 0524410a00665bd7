import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload, type KafkaContext } from '@nestjs/microservices';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ParleyException } from '@parley/transport';
import { firstValueFrom, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Figures } from './setup/figures.js';
import { NestKafka } from './setup/nest-kafka.js';
import { Services } from './setup/services.js';
import { pathOf, Spans } from './setup/spans.js';
import { writeRecords } from './setup/write-record.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
/** As an instrumentation of the built-in's client would put it there. */
const traceparent = `00-${TRACE_ID}-b7ad6b7169203331-01`;

describe('telemetry beside Nest’s built-in Kafka transport', () => {
  const services = new Services();
  const nest = new NestKafka();
  const spans = new Spans();
  const figures = new Figures();
  const { prefix } = services;
  /** The contexts that reached the built-in's handlers. */
  const brought: unknown[] = [];

  @Controller()
  class StockController {
    @MessagePattern(`${prefix}stock.items`)
    items(@Payload() data: string, @Ctx() context: KafkaContext) {
      brought.push(context.getMessage().headers?.['traceparent']);
      if (data === 'fail') throw new Error('secret');
      return of('a', 'b', 'c');
    }

    @EventPattern<string>(`${prefix}stock.happened`)
    happened(@Payload() _data: unknown, @Ctx() context: KafkaContext): void {
      brought.push(context.getMessage().headers?.['traceparent']);
    }
  }

  @Controller()
  class MovedController {
    @MessagePattern('moved.double')
    double(@Payload() { n }: { n: number }) {
      trace.getTracer('test').startSpan('work').end();
      return { n: n * 2 };
    }

    @MessagePattern('moved.items')
    items(@Payload() data: string) {
      return data === 'fail' ? throwError(() => new ParleyException('NOT_FOUND', 'nobody')) : of('a', 'b');
    }

    @MessagePattern('moved.waits')
    waits() {
      return new Promise<string>(resolve => {
        release = () => resolve('done');
      });
    }

    @EventPattern<string>('moved.happened')
    happened(): void {
      trace.getTracer('test').startSpan('heard').end();
    }
  }
  let release: () => void = () => undefined;

  beforeAll(async () => {
    spans.register();
    figures.register();
    const moved = ['moved.double', 'moved.items', 'moved.waits', 'moved.happened'];
    await nest.topics(['stock.items', 'stock.happened', ...moved].map(pattern => prefix + pattern));
    await Promise.all([
      nest.server(`${prefix}stock`, [StockController]),
      services.start('moved', [MovedController], { nestKafka: { group: `${prefix}moved-server` } }),
    ]);
  });
  afterAll(async () => {
    await services.stop();
    await nest.stop();
    await spans.shutdown();
    await figures.shutdown();
  });

  function ended(name: string) {
    return vi.waitFor(() => {
      const [span] = spans.named(name);
      expect(span).toBeDefined();
      return span!;
    });
  }

  const contextOf = (span: Awaited<ReturnType<typeof ended>>) => {
    const { traceId, spanId } = span.spanContext();
    return `00-${traceId}-${spanId}-01`;
  };

  it('goes with a call to a server of the built-in’s, and times it', async () => {
    const client = services.client('stock', { transport: 'nest-kafka' });
    expect(await lastValueFrom(client.send('stock.items', 'all').pipe(toArray()))).toEqual(['a', 'b', 'c']);
    const sent = await ended(`send ${prefix}stock.items`);
    expect(sent.kind).toBe(SpanKind.CLIENT);
    expect(sent.attributes).toMatchObject({
      'messaging.destination.name': `${prefix}stock.items`,
      'messaging.destination.partition.id': expect.stringMatching(/^[01]$/) as string,
      'messaging.message.id': expect.any(String) as string,
      'parley.service': 'stock',
      'parley.pattern': 'stock.items',
      'parley.reply.items': 3,
    });
    expect(brought).toEqual([contextOf(sent)]);
    const pattern = { 'parley.pattern': 'stock.items' };
    expect(await figures.of('parley.client.call.duration', pattern)).toEqual([
      { attributes: { ...pattern, 'parley.service': 'stock' }, value: 1, unit: 's' },
    ]);

    spans.clear();
    await expect(lastValueFrom(client.send('stock.items', 'fail'))).rejects.toMatchObject({
      status: 'INTERNAL',
    });
    const failed = await ended(`send ${prefix}stock.items`);
    expect(failed.status.code).toBe(SpanStatusCode.ERROR);
    expect(failed.attributes['error.type']).toBe('INTERNAL');
  });

  it('goes with an event to a server of the built-in’s', async () => {
    brought.length = 0;
    const client = services.client('stock', { transport: 'nest-kafka' });
    await firstValueFrom(client.emit('stock.happened', { n: 1 }));
    const sent = await ended(`send ${prefix}stock.happened`);
    expect(sent.kind).toBe(SpanKind.PRODUCER);
    await vi.waitFor(() => expect(brought).toEqual([contextOf(sent)]));
  });

  it('goes on from what a client of the built-in’s has sent', async () => {
    const called = ['moved.double', 'moved.items', 'moved.waits'].map(pattern => prefix + pattern);
    const client = await nest.client(`${prefix}caller`, called);
    const request = { value: { n: 2 }, headers: { traceparent } };
    expect(await lastValueFrom(client.send(`${prefix}moved.double`, request))).toEqual({ n: 4 });
    await lastValueFrom(client.emit(`${prefix}moved.happened`, request));
    const handled = await ended(`process ${prefix}moved.double`);
    expect([handled.kind, handled.attributes['messaging.consumer.group.name']]).toEqual([
      SpanKind.SERVER,
      `${prefix}moved-server`,
    ]);
    for (const name of ['work', 'heard']) {
      const span = await ended(name);
      expect(span.spanContext().traceId).toBe(TRACE_ID);
      expect(pathOf(span, spans.all)).toHaveLength(3);
    }

    const items = `${prefix}moved.items`;
    expect(await lastValueFrom(client.send(items, 'all').pipe(toArray()))).toEqual(['a', 'b']);
    expect((await ended(`process ${items}`)).attributes['parley.reply.items']).toBe(2);
    spans.clear();
    await expect(lastValueFrom(client.send(items, 'fail'))).rejects.toMatchObject({ status: 'NOT_FOUND' });
    expect((await ended(`process ${items}`)).attributes['error.type']).toBe('NOT_FOUND');

    const headers = {
      kafka_correlationId: 'bad',
      kafka_replyTopic: `${items}.reply`,
      kafka_replyPartition: 'x',
    };
    await writeRecords(items, { value: '', headers });
    await vi.waitFor(async () =>
      expect(
        await figures.of('parley.dropped_records', { 'messaging.destination.name': items }),
      ).toMatchObject([{ value: 1, attributes: { 'error.type': 'INVALID_ARGUMENT' } }]),
    );

    const waiting = firstValueFrom(client.send(`${prefix}moved.waits`, request));
    await vi.waitFor(async () =>
      expect(await figures.of('parley.server.active_calls', { 'parley.service': 'moved' })).toMatchObject([
        { value: 1 },
      ]),
    );
    release();
    expect(await waiting).toBe('done');
  });
});
