import { setTimeout as delay } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { ParleyContext, ParleyRecordBuilder, ParleyServer, type ParleyClient } from '@parley/transport';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

const services = new Services();
let innerClient: ParleyClient;
const aborted: string[] = [];

interface Deadlines {
  outer: number | undefined;
  inner: number;
  innerRemainingMs: number;
}

@Controller()
class InnerController {
  @MessagePattern('deadline')
  deadline(@Payload() _data: unknown, @Ctx() context: ParleyContext): { at: number; remainingMs: number } {
    return { at: context.deadline!.getTime(), remainingMs: context.remainingMs! };
  }

  @MessagePattern('never')
  never(@Payload() _data: unknown, @Ctx() context: ParleyContext): Promise<never> {
    context.signal.addEventListener('abort', () => aborted.push('inner'));
    return new Promise(() => undefined);
  }
}

@Controller()
class OuterController {
  @MessagePattern('nested')
  async nested(@Payload() spendMs: number, @Ctx() context: ParleyContext): Promise<Deadlines> {
    await delay(spendMs); // What it spends is what its nested call has not: time itself is tested.
    return this.deadlines(context);
  }

  @MessagePattern('nested-never')
  async nestedNever(@Payload() _data: unknown, @Ctx() context: ParleyContext): Promise<unknown> {
    context.signal.addEventListener('abort', () => aborted.push('outer'));
    return firstValueFrom(innerClient.send('never'));
  }

  /** A stream that goes on for longer than its caller waits for a first item, and calls out in the end. */
  @MessagePattern('long')
  async *long(@Payload() items: number, @Ctx() context: ParleyContext): AsyncGenerator<unknown> {
    for (let n = 0; n < items; n += 1) {
      yield n;
      await delay(100); // Its length is time, which the deadline is of.
    }
    yield await this.deadlines(context);
  }

  @MessagePattern('falls-silent')
  async *fallsSilent(@Payload() items: number, @Ctx() context: ParleyContext): AsyncGenerator<number> {
    for (let n = 0; n < items; n += 1) {
      yield n;
      await delay(50); // Shorter than the idle time-outs, which its last silence is to exceed.
    }
    await new Promise(resolve => context.signal.addEventListener('abort', resolve));
    aborted.push('silent');
  }

  private async deadlines(context: ParleyContext): Promise<Deadlines> {
    const { at, remainingMs } = await firstValueFrom(
      innerClient.send<{ at: number; remainingMs: number }>('deadline'),
    );
    return { outer: context.deadline?.getTime(), inner: at, innerRemainingMs: remainingMs };
  }
}

/** A deadline travels as a duration: that of a nested call is later by the time its request was on its way. */
const ON_ITS_WAY_MS = 250;

describe('deadlines', () => {
  beforeAll(async () => {
    innerClient = services.client('inner', { from: 'outer' });
    await services.start('inner', [InnerController]);
    await services.start('outer', [OuterController]);
  });
  afterAll(() => services.stop());

  const forMs = (timeoutMs: number, data?: unknown) =>
    new ParleyRecordBuilder(data).setTimeout(timeoutMs).build();
  const failure = (call: Promise<unknown>) => call.catch((error: unknown) => error);

  it.each<[string, () => Promise<{ remainingMs: number }>, number]>([
    ['30 s by default', () => firstValueFrom(services.client('inner').send('deadline')), 30_000],
    [
      'what the client is given',
      () => firstValueFrom(services.client('inner', { timeoutMs: 5000 }).send('deadline')),
      5000,
    ],
    [
      'what the call is given',
      () => firstValueFrom(services.client('inner', { timeoutMs: 5000 }).send('deadline', forMs(9000))),
      9000,
    ],
  ])('are %s', async (_what, call, timeoutMs) => {
    const { remainingMs } = await call();
    expect(remainingMs).toBeLessThanOrEqual(timeoutMs);
    expect(remainingMs).toBeGreaterThan(timeoutMs - 2000);
  });

  it('end a call that nobody answers, with how long it waited', async () => {
    const begin = performance.now();
    expect(await failure(firstValueFrom(services.client('inner').send('never', forMs(300))))).toMatchObject({
      status: 'DEADLINE_EXCEEDED',
      message: 'no answer to never within 300 ms',
    });
    expect(performance.now() - begin).toBeLessThan(1300);
    await vi.waitFor(() => expect(aborted).toEqual(['inner']));
    aborted.length = 0;
  });

  it('are passed on: nested calls get what is left', async () => {
    const { outer, inner, innerRemainingMs } = await firstValueFrom(
      services.client('outer').send<Deadlines>('nested', forMs(3000, 500)),
    );
    expect(innerRemainingMs).toBeLessThanOrEqual(2500);
    expect(inner).toBeLessThanOrEqual(outer! + ON_ITS_WAY_MS);
  });

  it('end a chain of calls all along', async () => {
    const call = firstValueFrom(services.client('outer').send('nested-never', forMs(600)));
    expect(await failure(call)).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    await vi.waitFor(() => expect(aborted.toSorted()).toEqual(['inner', 'outer']));
    aborted.length = 0;
  });

  it('do not end a stream that has begun, nor the calls that are made for it', async () => {
    const items = await lastValueFrom(
      services.client('outer', { timeoutMs: 400 }).send('long', 8).pipe(toArray()),
    );
    expect(items.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const { outer, innerRemainingMs } = items[8] as Deadlines;
    expect(outer).toBeUndefined();
    expect(innerRemainingMs).toBeGreaterThan(28_000);
  });

  it('between two items end a stream that falls silent', async () => {
    const seen: unknown[] = [];
    const record = new ParleyRecordBuilder(5).setIdleTimeout(400).build();
    const outcome = new Promise(resolve =>
      services
        .client('outer')
        .send('falls-silent', record)
        .subscribe({
          next: item => seen.push(item),
          error: resolve,
        }),
    );
    expect(await outcome).toMatchObject({
      status: 'DEADLINE_EXCEEDED',
      message: 'no further item of the reply to falls-silent within 400 ms',
    });
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    await vi.waitFor(() => expect(aborted).toEqual(['silent']));
    aborted.length = 0;
  });

  it('between two items are a client’s own where it has one', async () => {
    const call = lastValueFrom(
      services.client('outer', { idleTimeoutMs: 300 }).send('falls-silent', 2).pipe(toArray()),
    );
    expect(await failure(call)).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  });

  it('in all end a stream that goes on', async () => {
    const record = new ParleyRecordBuilder(1000).setTotalTimeout(600).build();
    const call = lastValueFrom(services.client('outer').send('long', record).pipe(toArray()));
    expect(await failure(call)).toMatchObject({
      status: 'DEADLINE_EXCEEDED',
      message: 'no end of the reply to long within 600 ms',
    });
  });

  it('that are over drop the request before its handler, and are counted', async () => {
    let reached = 0;
    @Controller()
    class LateController {
      @MessagePattern('count')
      count(@Payload() _data: unknown): number {
        return (reached += 1);
      }
    }
    const client = services.client('late');
    await failure(firstValueFrom(client.send('count', forMs(500)))); // Makes the topic.
    const calls = [1, 2, 3].map(() => failure(firstValueFrom(client.send('count', forMs(300)))));
    for (const call of calls) expect(await call).toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    // Clocks may be 2 s apart.
    const expired = Date.now() + 2000;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(expired), { timeout: 5000 });
    const app = await services.start('late', [LateController]);
    expect(await firstValueFrom(client.send<number>('count'))).toBe(1);
    expect(reached).toBe(1);
    expect([3, 4]).toContain(app.get(ParleyServer).health().expiredCalls);
  });
});
