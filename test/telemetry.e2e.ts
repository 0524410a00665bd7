import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  DeadLetterOffice,
  Handling,
  InjectParley,
  ParleyClient,
  ParleyException,
  ParleyModule,
  ParleyRecordBuilder,
  type ParleyContext,
} from '@parley/transport';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Services } from './setup/services.js';
import { pathOf, Spans } from './setup/spans.js';

const services = new Services();
const { prefix } = services;
const tracer = trace.getTracer('test');
let client: ParleyClient;
let tried = 0;
let hopeless = true;

@Controller()
class TracedController {
  @MessagePattern('traced.outer')
  async outer(@Payload() data: number) {
    const answer = await firstValueFrom(client.send<number>('traced.inner', data));
    await firstValueFrom(client.emit('traced.event', new ParleyRecordBuilder(answer).setKey('k').build()));
    return answer;
  }

  @MessagePattern('traced.inner')
  inner(@Payload() data: number) {
    return data + 1;
  }

  @EventPattern<string>('traced.event')
  async event() {
    await tracer.startActiveSpan('work', async span => {
      await Promise.resolve();
      span.end();
    });
  }

  @MessagePattern('traced.stream')
  async *stream(@Payload() count: number) {
    for (let n = 0; n < count; n += 1) {
      tracer.startSpan(`item ${n}`).end();
      yield await Promise.resolve(n);
    }
  }

  @MessagePattern('traced.fails')
  fails() {
    throw new ParleyException('NOT_FOUND', 'nobody');
  }

  @MessagePattern('traced.flaky')
  flaky() {
    tried += 1;
    if (tried < 2) throw new ParleyException('UNAVAILABLE', 'not yet');
    return tried;
  }

  @MessagePattern('traced.baggage')
  baggage(@Ctx() { headers }: ParleyContext) {
    const entry = propagation.getActiveBaggage()?.getEntry('tenant');
    return { tenant: entry?.value, headers: Object.keys(headers) };
  }

  @EventPattern<string>('traced.hopeless')
  @Handling({ retry: { attempts: 1, delaysMs: [20] } })
  hopeless() {
    if (hopeless) throw new Error('does not work now');
  }
}

@Controller()
class GatewayController {
  constructor(@InjectParley('traced') private readonly traced: ParleyClient) {}

  /** As an instrumentation of HTTP would: the request's span is around its handler. */
  @Get()
  get() {
    return tracer.startActiveSpan('GET /', async span => {
      const answer = await firstValueFrom(this.traced.send<number>('traced.outer', 1));
      span.end();
      return answer;
    });
  }
}

describe('traces', () => {
  const spans = new Spans();

  beforeAll(async () => {
    spans.register();
    await services.start('traced', [TracedController]);
    client = services.client('traced');
  });
  afterEach(() => spans.clear());
  afterAll(async () => {
    await services.stop();
    await spans.shutdown();
  });

  /** Waits for a span, which may end after what it is about. */
  function ended(name: string, count = 1) {
    return vi.waitFor(() => {
      const found = spans.named(name);
      expect(found.map(span => span.name)).toHaveLength(count);
      return found;
    });
  }

  it('are one from a gateway over a call, a nested call and an event to its handler', async () => {
    @Module({
      imports: [ParleyModule.forRoot(services.options('gateway')), ParleyModule.forClients(['traced'])],
      controllers: [GatewayController],
    })
    class GatewayModule {}
    const gateway = await NestFactory.create(GatewayModule, { logger: ['fatal'] });
    await gateway.listen(0, '127.0.0.1');
    const response = await fetch(await gateway.getUrl());
    expect(await response.text()).toBe('2');
    const [work] = await ended('work');
    await ended(`process ${prefix}traced.event`);
    await gateway.close();

    const calls = `${prefix}traced.calls`;
    expect(pathOf(work!, spans.all)).toEqual([
      'GET /',
      `send ${calls} traced.outer`,
      `process ${calls} traced.outer`,
      `send ${prefix}traced.event`,
      `process ${prefix}traced.event`,
      'work',
    ]);
    const [inner] = spans.named(`process ${calls} traced.inner`);
    expect(pathOf(inner!, spans.all)).toEqual([
      'GET /',
      `send ${calls} traced.outer`,
      `process ${calls} traced.outer`,
      `send ${calls} traced.inner`,
      `process ${calls} traced.inner`,
    ]);
    const { traceId } = work!.spanContext();
    const processed = spans.all.filter(({ name }) => name.startsWith('process'));
    expect(processed).toHaveLength(3);
    for (const { links, parentSpanContext } of processed) {
      expect(links.map(link => link.context)).toEqual([
        expect.objectContaining({ traceId, spanId: parentSpanContext!.spanId }),
      ]);
    }
    const linked = spans.all
      .filter(({ name }) => name.startsWith('receive'))
      .flatMap(({ links }) => links.map(link => link.context.spanId));
    for (const { parentSpanContext } of processed) expect(linked).toContain(parentSpanContext!.spanId);
  });

  it('name kinds and attributes as the conventions for messaging do', async () => {
    await firstValueFrom(client.send('traced.outer', 1));
    const [sent] = await ended(`send ${prefix}traced.event`);
    const [processed] = await ended(`process ${prefix}traced.event`);
    expect(sent!.kind).toBe(SpanKind.PRODUCER);
    expect(sent!.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': `${prefix}traced.event`,
      'messaging.destination.partition.id': processed!.attributes['messaging.destination.partition.id'],
      'messaging.kafka.offset': processed!.attributes['messaging.kafka.offset'],
      'messaging.kafka.message.key': 'k',
      'messaging.message.id': processed!.attributes['messaging.message.id'],
      'messaging.message.conversation_id': processed!.attributes['messaging.message.conversation_id'],
      'parley.pattern': 'traced.event',
    });
    expect(processed!.kind).toBe(SpanKind.CONSUMER);
    expect(processed!.attributes).toEqual({
      ...sent!.attributes,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': `${prefix}traced.events`,
      'messaging.kafka.offset': expect.any(Number) as number,
      'messaging.message.id': expect.any(String) as string,
      'parley.reply.items': 0,
    });
    const [received] = await ended(`receive ${prefix}traced.event`);
    expect(received!.kind).toBe(SpanKind.CLIENT);
    expect(received!.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'receive',
      'messaging.operation.type': 'receive',
      'messaging.destination.name': `${prefix}traced.event`,
      'messaging.destination.partition.id': sent!.attributes['messaging.destination.partition.id'],
      'messaging.consumer.group.name': `${prefix}traced.events`,
      'messaging.batch.message_count': 1,
    });
    const [call] = await ended(`send ${prefix}traced.calls traced.outer`);
    const [handled] = await ended(`process ${prefix}traced.calls traced.outer`);
    expect([call!.kind, handled!.kind]).toEqual([SpanKind.CLIENT, SpanKind.SERVER]);
    expect(call!.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': `${prefix}traced.calls`,
      'messaging.destination.partition.id': handled!.attributes['messaging.destination.partition.id'],
      'messaging.message.id': handled!.attributes['messaging.message.id'],
      'messaging.message.conversation_id': handled!.attributes['messaging.message.conversation_id'],
      'parley.service': 'traced',
      'parley.pattern': 'traced.outer',
      'parley.reply.items': 1,
    });
    expect(handled!.attributes['messaging.consumer.group.name']).toBe(`${prefix}traced.calls`);
    const { 'messaging.message.conversation_id': conversation } = call!.attributes;
    expect(sent!.attributes['messaging.message.conversation_id']).toBe(conversation);
  });

  it('hold a stream until its end, and what its handler does between items', async () => {
    await lastValueFrom(client.send('traced.stream', 5).pipe(toArray()));
    const [handled] = await ended(`process ${prefix}traced.calls traced.stream`);
    const [call] = await ended(`send ${prefix}traced.calls traced.stream`);
    expect(call!.attributes['parley.reply.items']).toBe(5);
    expect(handled!.attributes['parley.reply.items']).toBe(5);
    const [last] = spans.named('item 4');
    expect(last!.parentSpanContext!.spanId).toBe(handled!.spanContext().spanId);
    expect(pathOf(last!, spans.all)[0]).toBe(call!.name);
  });

  it('tell what failed, on both sides', async () => {
    await expect(lastValueFrom(client.send('traced.fails'))).rejects.toMatchObject({ status: 'NOT_FOUND' });
    for (const operation of ['send', 'process']) {
      const [span] = await ended(`${operation} ${prefix}traced.calls traced.fails`);
      expect(span!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'nobody' });
      expect(span!.attributes['error.type']).toBe('NOT_FOUND');
    }
  });

  it('show each attempt of a policy beside the others', async () => {
    tried = 0;
    const policies = { retry: { attempts: 3, waitMs: 1 } };
    const patient = services.client('traced', { policies });
    await tracer.startActiveSpan('whole', async span => {
      await lastValueFrom(patient.send('traced.flaky'));
      span.end();
    });
    const sent = await ended(`send ${prefix}traced.calls traced.flaky`, 2);
    expect(sent.map(span => pathOf(span, spans.all)[0])).toEqual(['whole', 'whole']);
    expect(sent.map(({ attributes }) => attributes['error.type'])).toEqual(['UNAVAILABLE', undefined]);
    expect(sent[1]!.attributes['parley.attempt']).toBe(2);
  });

  it('hold a collection until its last answer, and every run that it asks for', async () => {
    const answers = await lastValueFrom(client.collect('traced.inner', 1, { expect: 1 }).pipe(toArray()));
    expect(answers).toMatchObject([{ value: 2 }]);
    const inbox = `${prefix}traced.inbox`;
    const [handled] = await ended(`process ${inbox} traced.inner`);
    expect(pathOf(handled!, spans.all)).toEqual([
      `send ${inbox} traced.inner`,
      `process ${inbox} traced.inner`,
    ]);
  });

  it('carry baggage, and leave a context alone that a caller has set itself', async () => {
    const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
    const answer = await context.with(propagation.setBaggage(context.active(), baggage), () =>
      firstValueFrom(client.send('traced.baggage')),
    );
    expect(answer).toEqual({ tenant: 'acme', headers: ['traceparent', 'baggage'] });
    spans.clear();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await firstValueFrom(
      client.send('traced.baggage', new ParleyRecordBuilder(null).setHeaders({ traceparent }).build()),
    );
    const [handled] = await ended(`process ${prefix}traced.calls traced.baggage`);
    expect(handled!.parentSpanContext).toMatchObject({ spanId: 'b7ad6b7169203331' });
  });

  it('go on over retry topics to the dead letter, and from there when it is redriven', async () => {
    hopeless = true;
    await firstValueFrom(client.emit('traced.hopeless', 1));
    const topic = `${prefix}traced.hopeless`;
    const [dead] = await ended(`send ${topic}.traced.dead`);
    expect(pathOf(dead!, spans.all)).toEqual([
      `send ${topic}`,
      `send ${topic}.traced.retry.20ms`,
      `send ${topic}.traced.dead`,
    ]);
    const runs = await ended(`process ${topic}`, 2);
    expect(runs.map(span => pathOf(span, spans.all))).toEqual([
      [`send ${topic}`, `process ${topic}`],
      [`send ${topic}`, `send ${topic}.traced.retry.20ms`, `process ${topic}`],
    ]);
    expect(runs[1]!.attributes['parley.attempt']).toBe(2);

    hopeless = false;
    const office = await DeadLetterOffice.open({
      service: 'traced',
      kafka: { brokers: inject('brokers') },
      prefix,
    });
    await office.redrive({ dryRun: false });
    await office.close();
    const [, , redriven] = await ended(`process ${topic}`, 3);
    expect(pathOf(redriven!, spans.all)).toEqual([
      `send ${topic}`,
      `send ${topic}.traced.retry.20ms`,
      `send ${topic}.traced.dead`,
      `send ${topic}`,
      `process ${topic}`,
    ]);
  });
});
