import { Readable } from 'node:stream';
import { Controller, Get, Sse, type MessageEvent } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import {
  InjectParley,
  ParleyClient,
  ParleyContext,
  ParleyRecordBuilder,
  RequestSignal,
  type Replies,
} from '@parley/transport';
import {
  concat,
  first,
  firstValueFrom,
  interval,
  map,
  NEVER,
  Observable,
  of,
  switchMap,
  take,
  timeout,
} from 'rxjs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Gateway } from './setup/gateway.js';
import { Services } from './setup/services.js';

/** What is still at work for any caller, and what was produced for them in all. */
const open = { streams: 0, signals: 0 };
let produced = 0;

function watch({ signal }: ParleyContext): AbortSignal {
  open.signals += 1;
  signal.addEventListener('abort', () => (open.signals -= 1));
  return signal;
}

@Controller()
class EndlessController {
  @MessagePattern('observable')
  observable(@Payload() _data: unknown, @Ctx() context: ParleyContext): Observable<number> {
    watch(context);
    return new Observable<number>(subscriber => {
      open.streams += 1;
      const ticks = interval(5)
        .pipe(map(() => produced++))
        .subscribe(subscriber);
      return () => {
        ticks.unsubscribe();
        open.streams -= 1;
      };
    });
  }

  @MessagePattern('generator')
  async *generator(@Payload() _data: unknown, @Ctx() context: ParleyContext): AsyncGenerator<number> {
    watch(context);
    open.streams += 1;
    try {
      for (;;) {
        yield produced++;
        await delay(5); // The stream's pace, as `interval` is that of the others; nothing is waited for.
      }
    } finally {
      open.streams -= 1;
    }
  }

  @MessagePattern('readable')
  readable(@Payload() _data: unknown, @Ctx() context: ParleyContext): Readable {
    watch(context);
    open.streams += 1;
    const ticks = interval(5).subscribe(() => readable.push({ n: produced++ }));
    const readable = new Readable({ objectMode: true, read: () => undefined });
    return readable.once('close', () => {
      ticks.unsubscribe();
      open.streams -= 1;
    });
  }

  /** Never answers, and stops when its signal says so. */
  @MessagePattern('unary')
  async unary(@Payload() _data: unknown, @Ctx() context: ParleyContext): Promise<void> {
    const signal = watch(context);
    open.streams += 1;
    await new Promise(resolve => signal.addEventListener('abort', resolve));
    open.streams -= 1;
  }

  @MessagePattern('echo')
  echo(@Payload() n: number): number {
    return n;
  }
}

@Controller()
class WebController {
  constructor(@InjectParley('endless') private readonly endless: ParleyClient) {}

  @Sse('live')
  live(): Observable<MessageEvent> {
    return this.endless.send<number>('observable').pipe(map(n => ({ data: String(n) })));
  }

  /** Nest itself unsubscribes from an Observable whose request was cut. */
  @Get('returned')
  returned(): Observable<unknown> {
    return this.endless.send('unary');
  }

  @Get('awaited')
  awaited(@RequestSignal() signal: AbortSignal): Promise<unknown> {
    return firstValueFrom(this.endless.send('unary', new ParleyRecordBuilder().setSignal(signal).build()));
  }

  @Get('answered')
  async answered(@RequestSignal() signal: AbortSignal): Promise<string> {
    signal.addEventListener('abort', () => aborted.push('answered'));
    const n = await firstValueFrom(
      this.endless.send<number>('echo', new ParleyRecordBuilder(7).setSignal(signal).build()),
    );
    return `got ${n}`;
  }
}

const aborted: string[] = [];

describe('cancellation', () => {
  const services = new Services();
  let client: ParleyClient;
  let gateway: Gateway;
  beforeAll(async () => {
    await services.start('endless', [EndlessController]);
    client = services.client('endless');
    gateway = await Gateway.start(services.options('gateway'), ['endless'], [WebController]);
  });
  afterEach(() => expect(open).toEqual({ streams: 0, signals: 0 }));
  afterAll(async () => {
    await gateway.close();
    await services.stop();
  });

  /** Within a second nothing is at work for anybody, and nothing is produced after that. */
  const ends = async () => {
    await vi.waitFor(() => expect(open).toEqual({ streams: 0, signals: 0 }), { timeout: 1000 });
    const before = produced;
    for (let n = 0; n < 10; n += 1) await firstValueFrom(client.send('echo', n));
    expect(produced).toBe(before);
  };
  const begins = () =>
    vi.waitFor(() => expect(open).toEqual({ streams: 1, signals: 1 }), { timeout: 5000, interval: 5 });

  const LEAVING: Record<string, (replies: Replies<unknown>) => unknown> = {
    'unsubscribe()': async replies => {
      const subscription = replies.subscribe();
      await begins();
      subscription.unsubscribe();
    },
    'take(3)': replies => firstValueFrom(replies.pipe(take(3)), { defaultValue: undefined }),
    'timeout()': replies =>
      expect(
        firstValueFrom(concat(replies.pipe(first()), NEVER).pipe(timeout({ each: 300 }), take(2))),
      ).resolves.toBeDefined(),
    'switchMap()': async replies => {
      const switched: unknown[] = [];
      const tick = interval(300).pipe(take(2));
      await new Promise(resolve =>
        tick
          .pipe(switchMap(n => (n === 0 ? replies : of('other'))))
          .subscribe({ next: item => switched.push(item), complete: () => resolve(switched) }),
      );
      expect(switched.at(-1)).toBe('other');
    },
    'leaving a loop': async replies => {
      for await (const _ of replies) break;
    },
  };

  describe.each(['observable', 'generator', 'readable'])('of a handler that returns a %s', pattern => {
    it.each(Object.entries(LEAVING))('by %s', async (_name, leave) => {
      await leave(client.send(pattern));
      await ends();
    });

    it('by an AbortSignal', async () => {
      const controller = new AbortController();
      const record = new ParleyRecordBuilder().setSignal(controller.signal).build();
      const outcome = new Promise(resolve => client.send(pattern, record).subscribe({ error: resolve }));
      await begins();
      controller.abort();
      expect(await outcome).toMatchObject({ status: 'CANCELLED' });
      await ends();
    });
  });

  it('of a handler that has not answered', async () => {
    const subscription = client.send('unary').subscribe();
    await begins();
    subscription.unsubscribe();
    await ends();
  });

  it('of a handler that has not answered in time', async () => {
    const call = firstValueFrom(client.send('unary', new ParleyRecordBuilder().setTimeout(400).build()));
    await expect(call).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
    await ends();
  });

  it('of a handler that is slow, before its server was heard of', async () => {
    const controller = new AbortController();
    const record = new ParleyRecordBuilder().setSignal(controller.signal).build();
    const call = firstValueFrom(client.send('unary', record));
    controller.abort();
    await expect(call).rejects.toMatchObject({ status: 'CANCELLED' });
    await ends();
  });

  it('before it is sent: an aborted signal sends nothing', async () => {
    const record = new ParleyRecordBuilder().setSignal(AbortSignal.abort()).build();
    await expect(firstValueFrom(client.send('observable', record))).rejects.toMatchObject({
      status: 'CANCELLED',
    });
    const iterate = async () => {
      for await (const _ of client.send('observable', record)) break;
    };
    await expect(iterate()).rejects.toMatchObject({ status: 'CANCELLED' });
    await ends();
  });

  it('by closing the client: its calls fail, and end at the server', async () => {
    const leaving = services.client('endless');
    // Once an item has come the client knows where its call runs. Before that only its silence tells the server.
    let outcome!: Promise<unknown>;
    await new Promise<unknown>(item => {
      outcome = new Promise(failure => leaving.send('generator').subscribe({ next: item, error: failure }));
    });
    await leaving.close();
    expect(await outcome).toMatchObject({ status: 'UNAVAILABLE' });
    await ends();
  });

  describe('by a browser that goes away', () => {
    it('from an SSE endpoint', async () => {
      const browser = gateway.open('/live');
      await Gateway.says(browser, 'data:');
      expect(open).toEqual({ streams: 1, signals: 1 });
      browser.destroy();
      await ends();
    });

    it.each(['/returned', '/awaited'])('before its request is answered: %s', async path => {
      const browser = gateway.open(path);
      await begins();
      browser.destroy();
      await ends();
    });

    it('and not by one whose request was answered', async () => {
      const response = await gateway.get('/answered');
      expect(await response.text()).toBe('got 7');
      expect(aborted).toEqual([]);
    });
  });
});
