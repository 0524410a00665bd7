import { Controller, Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import {
  InjectParley,
  ParleyClient,
  ParleyContext,
  ParleyException,
  ParleyModule,
  ParleyRecordBuilder,
  type PolicyOptions,
} from '@parley/transport';
import { concat, firstValueFrom, lastValueFrom, of, throwError, toArray, type Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';

/** What the handlers were asked, and how often they have yet to fail. */
let asked: { attempt: number; at: number }[] = [];
let failures = 0;

@Controller()
class FlakyController {
  @MessagePattern('flaky')
  flaky(@Payload() value: string, @Ctx() { attempt }: ParleyContext): string {
    asked.push({ attempt, at: performance.now() });
    failures -= 1;
    if (failures >= 0) throw new ParleyException('UNAVAILABLE', 'warming up');
    return value;
  }

  @MessagePattern('refuses')
  refuses(@Ctx() { attempt }: ParleyContext): string {
    asked.push({ attempt, at: performance.now() });
    throw new ParleyException('NOT_FOUND', 'no such thing');
  }

  @MessagePattern('breaks')
  breaks(@Ctx() { attempt }: ParleyContext): Observable<number> {
    asked.push({ attempt, at: performance.now() });
    return concat(
      of(1, 2),
      throwError(() => new ParleyException('UNAVAILABLE', 'broke off')),
    );
  }

  @MessagePattern('silent')
  silent(@Ctx() { attempt }: ParleyContext): Promise<string> {
    asked.push({ attempt, at: performance.now() });
    return attempt < 2 ? new Promise(() => undefined) : Promise.resolve('at last');
  }
}

const statusOf = (call: Observable<unknown>) =>
  firstValueFrom(call).then(
    value => value,
    (failure: ParleyException) => failure.status,
  );

describe('client policies', () => {
  const services = new Services();
  const policies: PolicyOptions = { retry: { attempts: 3, waitMs: 100 } };
  beforeEach(async () => {
    asked = [];
    failures = 0;
    await services.start('flaky', [FlakyController], { drainTimeoutMs: 200 });
  });
  afterEach(() => services.stop());

  it('a retried call succeeds, after waits that double, and the handler sees its attempt', async () => {
    failures = 2;
    const client = services.client('flaky', { policies });
    expect(await firstValueFrom(client.send('flaky', 'x'))).toBe('x');
    expect(asked.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const [first, second, third] = asked.map(({ at }) => at);
    expect(second! - first!).toBeGreaterThanOrEqual(99);
    expect(third! - second!).toBeGreaterThanOrEqual(199);
    expect(client.policyReport()).toMatchObject({ retries: 2, exhausted: 0 });
  });

  it('without policies a call is made once', async () => {
    failures = 1;
    const client = services.client('flaky');
    expect(await statusOf(client.send('flaky', 'x'))).toBe('UNAVAILABLE');
    expect(asked).toHaveLength(1);
    expect(client.policyReport()).toBeUndefined();
  });

  it('a status of the handler’s own is not worth another attempt', async () => {
    const client = services.client('flaky', { policies });
    expect(await statusOf(client.send('refuses', 'x'))).toBe('NOT_FOUND');
    expect(asked).toHaveLength(1);
  });

  it('a stream that has begun is never made again', async () => {
    const client = services.client('flaky', { policies });
    const items: number[] = [];
    const call = client.send<number>('breaks', 'x');
    await expect(lastValueFrom(call.pipe(toArray()))).rejects.toMatchObject({ status: 'UNAVAILABLE' });
    await new Promise<void>(ended => {
      call.subscribe({ next: item => items.push(item), error: () => ended() });
    });
    expect(items).toEqual([1, 2]);
    expect(asked.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });

  it('an attempt that is not answered in its share of the time is followed by another', async () => {
    const retry = { attempts: 2, waitMs: 10, attemptTimeoutMs: 1000 };
    const client = services.client('flaky', { policies: { retry } });
    expect(await firstValueFrom(client.send('silent', 'x'))).toBe('at last');
    expect(asked.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('the call’s own timeout spans all attempts', async () => {
    failures = 100;
    const client = services.client('flaky', { policies: { retry: { attempts: 100, waitMs: 100 } } });
    await client.connect();
    const begin = performance.now();
    const call = client.send('flaky', new ParleyRecordBuilder('x').setTimeout(1000).build());
    expect(await statusOf(call)).toBe('UNAVAILABLE');
    expect(performance.now() - begin).toBeLessThan(1500);
    expect(asked.length).toBeLessThan(6);
  });

  it('unsubscribing in a wait ends it', async () => {
    failures = 100;
    const client = services.client('flaky', { policies: { retry: { waitMs: 300 } } });
    const retried = firstValueFrom(client.policyEvents);
    const subscription = client.send('flaky', 'x').subscribe();
    expect(await retried).toMatchObject({ kind: 'retry', pattern: 'flaky', attempt: 1, waitMs: 300 });
    subscription.unsubscribe();
    // Whatever was to come of the first call would have come before the second one's second attempt.
    await statusOf(client.send('flaky', new ParleyRecordBuilder('y').setTimeout(800).build()));
    expect(asked.map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
  });

  it('after five exhausted calls the next fails at once and produces no record; later one is let through', async () => {
    failures = 10;
    const client = services.client('flaky', {
      policies: { retry: { attempts: 2, waitMs: 0 }, circuitBreaker: { halfOpenAfterMs: 1000 } },
    });
    for (let n = 0; n < 5; n += 1) expect(await statusOf(client.send('flaky', n))).toBe('UNAVAILABLE');
    const calls = `${services.prefix}flaky.calls`;
    const records = (await readTopic(calls)).length;
    const begin = performance.now();
    await expect(firstValueFrom(client.send('flaky', 'x'))).rejects.toMatchObject({
      status: 'UNAVAILABLE',
      message: expect.stringContaining('the circuit to flaky is open') as string,
    });
    expect(performance.now() - begin).toBeLessThan(100);
    expect(await readTopic(calls)).toHaveLength(records);
    expect(client.policyReport()).toMatchObject({ exhausted: 5, refused: 1, circuit: 'open' });
    await expect.poll(() => statusOf(client.send('flaky', 'again')), { timeout: 5000 }).toBe('again');
    expect(client.policyReport()).toMatchObject({ circuit: 'closed' });
  });

  describe('of an application', () => {
    let app: INestApplicationContext;
    afterEach(() => app.close());

    it('may be given to one client', async () => {
      failures = 1;

      @Injectable()
      class Patient {
        constructor(
          @InjectParley('flaky') readonly flaky: ParleyClient,
          @InjectParley('other') readonly other: ParleyClient,
        ) {}
      }

      @Injectable()
      class Plain {
        constructor(@InjectParley('flaky') readonly flaky: ParleyClient) {}
      }

      @Module({
        imports: [ParleyModule.forClients([{ service: 'flaky', policies }, 'other'])],
        providers: [Patient],
      })
      class PatientModule {}

      @Module({ imports: [ParleyModule.forClients(['flaky'])], providers: [Plain] })
      class PlainModule {}

      @Module({ imports: [ParleyModule.forRoot(services.options('gateway')), PatientModule, PlainModule] })
      class GatewayModule {}
      app = await NestFactory.createApplicationContext(GatewayModule, { logger: ['fatal'] });
      const { flaky, other } = app.get(Patient, { strict: false });
      expect(await firstValueFrom(flaky.send('flaky', 'x'))).toBe('x');
      expect(flaky.policyReport()).toMatchObject({ retries: 1 });
      expect(other.policyReport()).toBeUndefined();
      expect(app.get(Plain, { strict: false }).flaky.policyReport()).toBeUndefined();
    });
  });
});
