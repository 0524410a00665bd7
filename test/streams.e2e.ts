import { Readable } from 'node:stream';
import {
  Controller,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { ParleyContext } from '@parley/transport';
import { interval, lastValueFrom, Observable, take, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

class PassOn implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

/** What became of the handlers of endless streams. */
const endings: string[] = [];
let pulled = 0;

@Controller()
class StreamController {
  @MessagePattern('generator')
  async *generator(@Payload() n: number): AsyncGenerator<number> {
    for (let index = 0; index < n; index += 1) yield index;
  }

  @MessagePattern('intercepted')
  @UseInterceptors(PassOn)
  async *intercepted(@Payload() n: number): AsyncGenerator<number> {
    for (let index = 0; index < n; index += 1) yield index;
  }

  @MessagePattern('readable')
  readable(@Payload() n: number): Readable {
    return Readable.from(Array.from({ length: n }, (_, index) => ({ index })));
  }

  @MessagePattern('endless-observable')
  endlessObservable(@Payload() _data: unknown, @Ctx() context: ParleyContext): Observable<number> {
    context.signal.addEventListener('abort', () => endings.push('signal aborted'));
    return new Observable<number>(subscriber => {
      const ticks = interval(5).subscribe(subscriber);
      return () => {
        ticks.unsubscribe();
        endings.push('observable unsubscribed');
      };
    });
  }

  @MessagePattern('endless-generator')
  async *endlessGenerator(@Payload() _data: unknown): AsyncGenerator<number> {
    try {
      for (pulled = 0; ; pulled += 1) yield pulled;
    } finally {
      endings.push('generator returned');
    }
  }

  @MessagePattern('never')
  never(@Payload() _data: unknown, @Ctx() context: ParleyContext): Promise<never> {
    endings.push('call begun');
    context.signal.addEventListener('abort', () => endings.push('call aborted'));
    return new Promise(() => undefined);
  }
}

describe('streams', () => {
  const services = new Services();
  beforeAll(async () => {
    await services.start('streams', [StreamController]);
  });
  afterAll(() => services.stop());

  it.each(['generator', 'intercepted'])('of a %s arrive whole and in order', async pattern => {
    const items = await lastValueFrom(
      services.client('streams').send<number>(pattern, 20_000).pipe(toArray()),
    );
    expect(items).toEqual(Array.from({ length: 20_000 }, (_, index) => index));
  });

  it('of a Readable arrive whole and in order', async () => {
    const items = await lastValueFrom(services.client('streams').send('readable', 500).pipe(toArray()));
    expect(items).toEqual(Array.from({ length: 500 }, (_, index) => ({ index })));
  });

  it('end at the server when the subscriber has had enough', async () => {
    endings.length = 0;
    const client = services.client('streams');
    expect(await lastValueFrom(client.send('endless-observable', 1).pipe(take(3), toArray()))).toEqual([
      0, 1, 2,
    ]);
    await vi.waitFor(() =>
      expect(endings).toEqual(expect.arrayContaining(['observable unsubscribed', 'signal aborted'])),
    );
    expect(await lastValueFrom(client.send('endless-generator', 1).pipe(take(3), toArray()))).toEqual([
      0, 1, 2,
    ]);
    await vi.waitFor(() => expect(endings).toContain('generator returned'));
  });

  it('that are pulled wait for the subscriber’s credit', async () => {
    endings.length = 0;
    const client = services.client('streams', { window: 100 });
    const seen: number[] = [];
    const subscription = client.send<number>('endless-generator', 1).subscribe(item => {
      seen.push(item);
      if (seen.length === 1000) subscription.unsubscribe();
    });
    await vi.waitFor(() => expect(seen).toHaveLength(1000));
    await vi.waitFor(() => expect(endings).toContain('generator returned'));
    expect(pulled).toBeLessThan(1000 + 200);
  });

  it('and calls that have not answered yet are cancelled too', async () => {
    endings.length = 0;
    const subscription = services.client('streams').send('never', 1).subscribe();
    subscription.add(() => endings.push('unsubscribed'));
    await vi.waitFor(() => expect(endings).toEqual(['call begun']));
    subscription.unsubscribe();
    await vi.waitFor(() => expect(endings).toEqual(['call begun', 'unsubscribed', 'call aborted']));
  });
});
