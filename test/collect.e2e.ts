import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import {
  ParleyContext,
  ParleyException,
  ParleyServer,
  type Answer,
  type ParleyClient,
} from '@parley/transport';
import { Kafka, logLevel } from 'kafkajs';
import { firstValueFrom, interval, of, toArray, type Observable } from 'rxjs';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { Child } from './setup/child.js';
import { Services } from './setup/services.js';

/** What the handlers were asked, and how many of them were left. */
let asked: ParleyContext[] = [];
let left = 0;

@Controller()
class PromptController {
  @MessagePattern('load')
  load(@Payload() factor: number, @Ctx() context: ParleyContext): number {
    asked.push(context);
    return factor * 2;
  }

  @MessagePattern('greet')
  greet(@Payload() name: string): string {
    return `hello ${name}`;
  }

  @MessagePattern('refuses')
  refuses(): never {
    throw new ParleyException('NOT_FOUND', 'not here');
  }

  @MessagePattern('streams')
  streams(): Observable<number> {
    return of(1, 2, 3);
  }

  @MessagePattern('endless')
  endless(): Observable<number> {
    return interval(10);
  }

  @MessagePattern('one of a stream')
  async *one(): AsyncGenerator<string> {
    yield 'only';
  }

  @MessagePattern('repeat')
  repeat(@Payload() n: number): string {
    return 'x'.repeat(n);
  }

  @MessagePattern('hangs')
  hangs(@Ctx() context: ParleyContext): Promise<never> {
    asked.push(context);
    context.signal.addEventListener('abort', () => (left += 1));
    return new Promise(() => undefined);
  }
}

@Controller()
class SlowController {
  @MessagePattern('load')
  load(@Ctx() context: ParleyContext): Promise<never> {
    asked.push(context);
    context.signal.addEventListener('abort', () => (left += 1));
    return new Promise(() => undefined);
  }
}

const all = <T>(answers: Observable<Answer<T>>) => firstValueFrom(answers.pipe(toArray()));

describe('a question to every instance of a service', () => {
  const services = new Services();
  let client: ParleyClient;

  async function start(...controllers: (typeof PromptController | typeof SlowController)[]) {
    asked = [];
    left = 0;
    client = services.client('fleet');
    await Promise.all([client.connect(), ...controllers.map(one => services.start('fleet', [one]))]);
  }
  afterEach(() => services.stop());

  it('gives the answer of each, and ends with as many as were expected', async () => {
    await start(PromptController, PromptController, PromptController);
    const begin = performance.now();
    const answers = await all(client.collect<number>('load', 21, { expect: 3, windowMs: 20_000 }));
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(answers.map(({ value }) => value)).toEqual([42, 42, 42]);
    expect(new Set(answers.map(({ instance }) => instance)).size).toBe(3);
    expect(asked).toHaveLength(3);
  });

  it('gives what came in time where one is slow, and stops that one', async () => {
    await start(PromptController, SlowController, PromptController);
    const begin = performance.now();
    const answers = await all(client.collect<number>('load', 1, { expect: 3, windowMs: 1500 }));
    expect(performance.now() - begin).toBeGreaterThanOrEqual(1490);
    expect(answers.map(({ value }) => value)).toEqual([2, 2]);
    expect(asked).toHaveLength(3);
    await expect.poll(() => left).toBe(1);
  });

  it('is not held up beyond its window by an instance that is gone', async () => {
    await start(PromptController, PromptController);
    const third = await services.start('fleet', [PromptController]);
    await third.close();
    const answers = await all(client.collect<number>('load', 1, { expect: 3, windowMs: 1000 }));
    expect(answers).toHaveLength(2);
  });

  it('is not held up beyond its window by an instance that is killed with -9 while it works', async () => {
    await start(PromptController, PromptController);
    const child = new Child('doomed-server.mjs', services.options('fleet', { pulseIntervalMs: 400 }));
    try {
      await child.says('listening');
      const begin = performance.now();
      const answers = all(client.collect<string>('greet', 'ada', { expect: 3, windowMs: 4000 }));
      await child.says('greet');
      child.kill();
      const values = (await answers).flatMap(({ value }) => (value === undefined ? [] : [value]));
      expect(values).toEqual(['hello ada', 'hello ada']);
      expect(performance.now() - begin).toBeLessThan(5000);
    } finally {
      child.kill();
    }
  });

  it('tells of each failure beside the answers', async () => {
    await start(PromptController, SlowController);
    const answers = await all(client.collect('refuses', null, { expect: 2, windowMs: 20_000 }));
    expect(new Set(answers.map(({ error }) => error?.status))).toEqual(
      new Set(['NOT_FOUND', 'UNIMPLEMENTED']),
    );
    for (const { instance } of answers) expect(instance).toMatch(/^[\w-]{12}$/);
  });

  it.each(['streams', 'endless'])('refuses a handler that %s: one value is an answer', async pattern => {
    await start(PromptController);
    const answers = await all(client.collect(pattern, null, { expect: 1, windowMs: 20_000 }));
    expect(answers).toMatchObject([{ error: { status: 'INVALID_ARGUMENT' } }]);
  });

  it('refuses an answer that is too large for one record', async () => {
    await start(PromptController);
    const answers = await all(client.collect('repeat', 600_000, { expect: 1, windowMs: 20_000 }));
    expect(answers).toMatchObject([{ error: { status: 'INVALID_ARGUMENT' } }]);
    const [answer] = await all(client.collect<string>('repeat', 400_000, { expect: 1, windowMs: 20_000 }));
    expect(answer?.value).toHaveLength(400_000);
  });

  it('takes the one value of a stream for an answer', async () => {
    await start(PromptController);
    const answers = await all(client.collect('one of a stream', null, { expect: 1, windowMs: 20_000 }));
    expect(answers).toMatchObject([{ value: 'only' }]);
  });

  it('ends on every instance when its subscriber leaves', async () => {
    await start(PromptController, PromptController, PromptController);
    const subscription = client.collect('hangs', null, { windowMs: 20_000 }).subscribe();
    await expect.poll(() => asked.length).toBe(3);
    subscription.unsubscribe();
    await expect.poll(() => left, { timeout: 3000 }).toBe(3);
  });

  it('passes its window on as the deadline of each handler', async () => {
    await start(PromptController);
    await all(client.collect('load', 1, { expect: 1, windowMs: 7000 }));
    expect(asked[0]!.remainingMs).toBeGreaterThan(1000);
    expect(asked[0]!.remainingMs).toBeLessThanOrEqual(7000);
    expect(asked[0]!.getPattern()).toBe('load');
  });

  it('is dropped where its window has passed before an instance reads it', async () => {
    const inbox = `${services.prefix}late.inbox`;
    const kafka = new Kafka({ brokers: inject('brokers').split(','), logLevel: logLevel.NOTHING });
    const [admin, producer] = [kafka.admin(), kafka.producer()];
    await Promise.all([admin.connect(), producer.connect()]);
    try {
      // An inbox whose records are as old as their producer says.
      await admin.createTopics({ topics: [{ topic: inbox, numPartitions: 1 }] });
      asked = [];
      const app = await services.start('late', [PromptController], { topics: { inbox: { partitions: 1 } } });
      client = services.client('late');
      const request = (callId: string, ageMs: number) => ({
        timestamp: String(Date.now() - ageMs),
        value: '1',
        headers: { parley: `1 request ${callId} load ${inbox} 0 nobody 1000 2 1 j c 65536 0` },
      });
      await producer.send({ topic: inbox, messages: [request('old', 60_000), request('new', 0)] });
      await expect.poll(() => asked.map(({ callId }) => callId)).toEqual(['new']);
      expect(app.get(ParleyServer).health().expiredCalls).toBe(1);
    } finally {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    }
  });

  it('is refused by an instance that has enough of them, RESOURCE_EXHAUSTED', async () => {
    asked = [];
    await services.start('small', [PromptController], { collectConcurrency: 2 });
    client = services.client('small');
    const hanging = client.collect('hangs', null, { windowMs: 20_000 });
    const subscriptions = [hanging.subscribe(), hanging.subscribe()];
    await expect.poll(() => asked.length).toBe(2);
    const answers = await all(client.collect('load', 1, { expect: 1, windowMs: 20_000 }));
    expect(answers).toMatchObject([{ error: { status: 'RESOURCE_EXHAUSTED' } }]);
    expect(await firstValueFrom(client.send('load', 4))).toBe(8);
    for (const subscription of subscriptions) subscription.unsubscribe();
    const next = () => all(client.collect('load', 1, { expect: 1, windowMs: 20_000 }));
    await expect.poll(async () => (await next())[0]?.value, { timeout: 5000 }).toBe(2);
  });

  it('of a service that never ran completes empty', async () => {
    client = services.client('nowhere');
    expect(await all(client.collect('load', 1, { windowMs: 20_000 }))).toEqual([]);
  });

  it('refuses options that it cannot use', () => {
    client = services.client('fleet');
    expect(() => client.collect('load', 1, { expect: 0 })).toThrow('expect takes a whole number');
    expect(() => client.collect('load', 1, { windowMs: -5 })).toThrow('got -5');
  });
});
