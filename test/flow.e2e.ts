import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyContext, ParleyRecordBuilder } from '@parley/transport';
import { firstValueFrom, Observable, range } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

/** What the handlers of this file have produced, and whether they still run. */
const handlers = { produced: 0, running: 0 };

/** Counts up without regard for whoever listens, some items in each turn of the event loop. */
function torrent(perTurn: number): Observable<number> {
  return new Observable<number>(subscriber => {
    handlers.running += 1;
    const emit = () => {
      for (let n = 0; n < perTurn; n += 1) subscriber.next(handlers.produced++);
      if (!subscriber.closed) next = setImmediate(emit);
    };
    let next = setImmediate(emit);
    return () => {
      clearImmediate(next);
      handlers.running -= 1;
    };
  });
}

function* countUp(): Generator<number> {
  for (;;) yield handlers.produced++;
}

@Controller()
class FlowController {
  @MessagePattern('torrent')
  torrent(@Payload() perTurn: number): Observable<number> {
    return torrent(perTurn);
  }

  @MessagePattern('all-at-once')
  allAtOnce(@Payload() count: number): Observable<number> {
    return range(0, count);
  }

  @MessagePattern('latest')
  @Handling({ overflow: 'latest' })
  latest(@Payload() perTurn: number): Observable<number> {
    return torrent(perTurn);
  }

  @MessagePattern('generator')
  async *generator(@Payload() _data: unknown): AsyncGenerator<number> {
    handlers.running += 1;
    try {
      yield* countUp();
    } finally {
      handlers.running -= 1;
    }
  }

  @MessagePattern('readable')
  readable(@Payload() _data: unknown): Readable {
    handlers.running += 1;
    const readable = Readable.from(countUp(), { objectMode: true, highWaterMark: 1 });
    return readable.once('close', () => (handlers.running -= 1));
  }

  @MessagePattern('slow-second')
  async *slowSecond(@Payload() _data: unknown, @Ctx() context: ParleyContext): AsyncGenerator<number> {
    yield 1;
    await delay(20_000, undefined, { signal: context.signal });
    yield 2;
  }

  @MessagePattern('echo')
  echo(@Payload() n: number): number {
    return n;
  }
}

describe('flow', () => {
  const services = new Services();
  beforeAll(async () => {
    await services.start('flow', [FlowController]);
  });
  beforeEach(() => {
    handlers.produced = 0;
  });
  afterAll(() => services.stop());

  const window = (items: number) => new ParleyRecordBuilder(1000).setWindow(items).build();

  it('an Observable that emits far more than is taken fails its call alone', async () => {
    const client = services.client('flow');
    const replies = client.send<number>('torrent', window(10))[Symbol.asyncIterator]();
    const taken = [(await replies.next()).value as number];
    let slowestMs = 0;
    for (let n = 0; handlers.running > 0; n += 1) {
      const begin = performance.now();
      expect(await firstValueFrom(client.send('echo', n))).toBe(n);
      slowestMs = Math.max(slowestMs, performance.now() - begin);
    }
    expect(slowestMs).toBeLessThan(1000);
    const rest = async () => {
      for await (const item of { [Symbol.asyncIterator]: () => replies }) taken.push(item);
    };
    await expect(rest()).rejects.toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('the handler emits faster than the caller takes') as string,
    });
    // What had come before is given first, nothing left out.
    expect(taken).toEqual(Array.from({ length: taken.length }, (_, n) => n));
    expect(taken.length).toBeGreaterThanOrEqual(10);
    expect(await firstValueFrom(client.send('echo', 7))).toBe(7);
  });

  it('an Observable that emits everything at once is stopped where the buffer ends', async () => {
    const client = services.client('flow');
    const begin = performance.now();
    const call = firstValueFrom(client.send('all-at-once', 2_000_000_000));
    await expect(call).rejects.toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(await firstValueFrom(client.send('echo', 7))).toBe(7);
  });

  it('`overflow: latest` gives a slow caller the newest item', async () => {
    const replies = services.client('flow').send<number>('latest', window(1))[Symbol.asyncIterator]();
    const next = async () => (await replies.next()).value as number;
    let newest = await next();
    await next(); // It was on its way already.
    for (let round = 0; round < 3; round += 1) {
      const goal = handlers.produced + 200_000;
      await vi.waitFor(() => expect(handlers.produced).toBeGreaterThan(goal), { timeout: 10_000 });
      await next(); // As above.
      const item = await next();
      expect(item).toBeGreaterThan(goal);
      expect(item).toBeGreaterThan(newest);
      newest = item;
    }
    await replies.return?.();
    await vi.waitFor(() => expect(handlers.running).toBe(0));
  });

  it.each(['generator', 'readable'])('a %s is pulled no further than the window', async pattern => {
    const client = services.client('flow');
    let taken = 0;
    for await (const item of client.send<number>(pattern, window(50))) {
      expect(item).toBe(taken);
      taken += 1;
      // The server has all the time it wants to go too far.
      if (taken % 40 === 0) await firstValueFrom(client.send('echo', taken));
      expect(handlers.produced - taken).toBeLessThanOrEqual(50 + 2);
      if (taken === 400) break;
    }
    await vi.waitFor(() => expect(handlers.running).toBe(0));
    expect(handlers.produced).toBeLessThanOrEqual(400 + 50 + 2);
  });

  it('a loop that stands still stops what is produced for it', async () => {
    const client = services.client('flow');
    const replies = client.send<number>('generator', window(100))[Symbol.asyncIterator]();
    await replies.next();
    await vi.waitFor(() => expect(handlers.produced).toBeGreaterThanOrEqual(100));
    for (let n = 0; n < 50; n += 1) await firstValueFrom(client.send('echo', n));
    expect(handlers.produced).toBeLessThanOrEqual(101);
    for (let n = 1; n < 300; n += 1) expect((await replies.next()).value).toBe(n);
    await replies.return?.();
  });

  it('the first item leaves at once, though the next takes its time', async () => {
    const client = services.client('flow');
    await client.connect();
    await firstValueFrom(client.send('echo', 1));
    const begin = performance.now();
    expect(await firstValueFrom(client.send('slow-second', 1))).toBe(1);
    expect(performance.now() - begin).toBeLessThan(500);
  });
});
