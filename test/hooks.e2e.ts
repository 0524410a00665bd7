import { Controller, Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  Handling,
  ParleyException,
  ParleyHook,
  ParleyRecordBuilder,
  ParleyServer,
  type HookedReply,
  type IncomingMessage,
  type OutgoingMessage,
  type ParleyContext,
} from '@parley/transport';
import { firstValueFrom, interval, lastValueFrom, map, Observable, takeWhile, toArray } from 'rxjs';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  vi,
  type MockInstance,
} from 'vitest';
import { Services } from './setup/services.js';

/** What a hook was told, in order: `side method pattern`. */
const told: string[] = [];
const replies: HookedReply[] = [];
const errors: unknown[] = [];

class Teller implements ParleyHook {
  constructor(private readonly name = '') {}

  beforeSend({ pattern, headers }: OutgoingMessage): void {
    headers['hooked'] = `${headers['hooked'] ?? ''}${this.name || 'by client'}`;
    told.push(`${this.name}beforeSend ${pattern}`);
  }

  afterReply({ pattern }: OutgoingMessage, reply: HookedReply): void {
    replies.push(reply);
    told.push(`${this.name}afterReply ${pattern}`);
  }

  onError({ side, pattern }: OutgoingMessage | IncomingMessage, error: unknown): void {
    errors.push(error);
    told.push(`${this.name}onError ${side} ${pattern}`);
  }
}

@Injectable()
class Names {
  of(data: unknown): string {
    return `named ${String(data)}`;
  }
}

/** Found among the providers, with one of its own injected. */
@ParleyHook()
class ServerTeller implements ParleyHook {
  constructor(private readonly names: Names) {}

  beforeHandle(message: IncomingMessage): void {
    if (message.pattern === 'hooks.named') message.data = this.names.of(message.data);
    if (message.pattern === 'hooks.closed') throw new ParleyException('FAILED_PRECONDITION', 'not today');
    message.headers['server'] = 'by server';
    told.push(`beforeHandle ${message.pattern}`);
  }

  async afterHandle({ pattern }: IncomingMessage, { items, stopped }: HookedReply): Promise<void> {
    await Promise.resolve();
    told.push(`afterHandle ${pattern} ${items}${stopped === undefined ? '' : ` ${stopped}`}`);
  }

  onError({ side, pattern }: IncomingMessage | OutgoingMessage, error: unknown): void {
    told.push(`onError ${side} ${pattern} ${(error as Error).message}`);
  }
}

/** A fault of its own in every method: nothing may come of it. */
@ParleyHook()
class BrokenHook implements ParleyHook {
  beforeHandle(): void {
    throw new TypeError('a bug before');
  }

  afterHandle(): void {
    throw new TypeError('a bug after');
  }
}

const handled: unknown[] = [];
let flaky = 0;

@Controller()
class HooksController {
  @MessagePattern('hooks.headers')
  headers(@Payload() _data: unknown, @Ctx() { headers }: ParleyContext) {
    return headers;
  }

  @MessagePattern('hooks.named')
  named(@Payload() data: unknown) {
    return data;
  }

  @MessagePattern('hooks.stream')
  async *stream(@Payload() count: number) {
    for (let n = 0; n < count; n += 1) yield await Promise.resolve(n);
  }

  @MessagePattern('hooks.endless')
  endless() {
    return new Observable<number>(subscriber => {
      let n = 0;
      const timer = setInterval(() => subscriber.next((n += 1)), 5);
      return () => clearInterval(timer);
    });
  }

  @MessagePattern('hooks.resumable')
  @Handling({ resumable: true })
  resumable(@Payload() _data: unknown, @Ctx() { resumeFrom }: ParleyContext) {
    return interval(5).pipe(map(n => resumeFrom + n));
  }

  @MessagePattern('hooks.fails')
  fails() {
    throw new ParleyException('NOT_FOUND', 'nobody');
  }

  @MessagePattern('hooks.flaky')
  flaky() {
    flaky += 1;
    if (flaky < 3) throw new ParleyException('UNAVAILABLE', 'not yet');
    return flaky;
  }

  @MessagePattern('hooks.closed')
  closed() {
    handled.push('closed');
  }

  @EventPattern<string>('hooks.event')
  event(@Payload() data: unknown, @Ctx() { headers }: ParleyContext) {
    handled.push([data, headers]);
  }

  @EventPattern<string>('hooks.event-fails')
  @Handling({ retry: { attempts: 2, waitMs: 1 } })
  eventFails() {
    throw new Error('never works');
  }
}

describe('hooks', () => {
  const services = new Services();
  const nests: string[] = [];
  let logged: MockInstance;

  beforeAll(async () => {
    const app = await services.start('hooks', [HooksController], {}, [Names, ServerTeller, BrokenHook]);
    const server = app.get(ParleyServer);
    server.setOnProcessingStartHook((_id, _context, done) => {
      nests.push('start');
      void done();
    });
    server.setOnProcessingEndHook(() => nests.push('end'));
  });
  afterAll(() => services.stop());
  afterEach(() => vi.restoreAllMocks());

  beforeEach(() => {
    for (const heard of [told, replies, errors, handled, nests]) heard.length = 0;
    logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  });

  it('come before and after a call, once on each side; headers they add reach the handler', async () => {
    const client = services.client('hooks', { hooks: [new Teller()] });
    const record = new ParleyRecordBuilder(null).setHeaders({ own: 'yes' }).build();
    expect(await lastValueFrom(client.send('hooks.headers', record))).toEqual({
      own: 'yes',
      hooked: 'by client',
      server: 'by server',
    });
    await vi.waitFor(() =>
      expect(told.toSorted()).toEqual([
        'afterHandle hooks.headers 1',
        'afterReply hooks.headers',
        'beforeHandle hooks.headers',
        'beforeSend hooks.headers',
      ]),
    );
    expect(told.slice(0, 2)).toEqual(['beforeSend hooks.headers', 'beforeHandle hooks.headers']);
    for (const method of ['beforeHandle', 'afterHandle'])
      await vi.waitFor(() =>
        expect(logged).toHaveBeenCalledWith(
          expect.stringContaining(`The hook BrokenHook.${method} failed at hooks.headers`),
          expect.any(String),
        ),
      );
  });

  it('run in the order of their registration, and in reverse after', async () => {
    const client = services.client('hooks', { hooks: [new Teller('1'), new Teller('2')] });
    expect(await lastValueFrom(client.send('hooks.headers', 0))).toMatchObject({ hooked: '12' });
    await vi.waitFor(() =>
      expect(told.filter(line => /^\d/.test(line))).toEqual([
        '1beforeSend hooks.headers',
        '2beforeSend hooks.headers',
        '2afterReply hooks.headers',
        '1afterReply hooks.headers',
      ]),
    );
  });

  it('may replace the data, on either side', async () => {
    const client = services.client('hooks', { hooks: [{ beforeSend: sent => void (sent.data = 'x') }] });
    expect(await lastValueFrom(client.send('hooks.named', 'y'))).toBe('named x');
  });

  it('come once for a stream, with the number of its items', async () => {
    const client = services.client('hooks', { hooks: [new Teller()] });
    const items = await lastValueFrom(client.send<number>('hooks.stream', 300).pipe(toArray()));
    expect(items).toHaveLength(300);
    await vi.waitFor(() => expect(told).toContain('afterHandle hooks.stream 300'));
    expect(told).toHaveLength(4);
    expect(replies).toEqual([{ items: 300, last: 299 }]);
  });

  it('come after a stream that its caller leaves', async () => {
    const client = services.client('hooks', { hooks: [new Teller()] });
    let taken = 0;
    for await (const _item of client.send('hooks.endless')) if ((taken += 1) === 3) break;
    await vi.waitFor(() =>
      expect(told).toContainEqual(expect.stringMatching(/^afterHandle hooks\.endless \d+ unsubscribed$/)),
    );
    expect(told.filter(line => line.startsWith('after'))).toHaveLength(2);
    expect(told.some(line => line.startsWith('onError'))).toBe(false);
  });

  it('hear of an error on both sides, in place of what comes after', async () => {
    const client = services.client('hooks', { hooks: [new Teller()] });
    await expect(lastValueFrom(client.send('hooks.fails'))).rejects.toMatchObject({ status: 'NOT_FOUND' });
    await vi.waitFor(() =>
      expect(told.toSorted()).toEqual([
        'beforeHandle hooks.fails',
        'beforeSend hooks.fails',
        'onError client hooks.fails',
        'onError server hooks.fails nobody',
      ]),
    );
    expect(errors).toEqual([expect.objectContaining({ status: 'NOT_FOUND', message: 'nobody' })]);
  });

  it('come once for an event, on both sides', async () => {
    const client = services.client('hooks', { hooks: [new Teller()] });
    const place = await firstValueFrom(client.emit('hooks.event', 'e'));
    await vi.waitFor(() => expect(told).toContain('afterHandle hooks.event 0'));
    expect(handled).toEqual([['e', { hooked: 'by client', server: 'by server' }]]);
    expect(told).toHaveLength(4);
    expect(replies).toEqual([{ items: 0, last: place }]);
  });

  it('come with each run of an event’s handler', async () => {
    const client = services.client('hooks');
    await firstValueFrom(client.emit('hooks.event-fails', 'e'));
    await vi.waitFor(() =>
      expect(told).toEqual([
        'beforeHandle hooks.event-fails',
        'onError server hooks.event-fails never works',
        'beforeHandle hooks.event-fails',
        'onError server hooks.event-fails never works',
      ]),
    );
  });

  it('come once at a client for a call that its policies try three times', async () => {
    flaky = 0;
    const policies = { retry: { attempts: 4, waitMs: 1 } };
    const client = services.client('hooks', { hooks: [new Teller()], policies });
    expect(await lastValueFrom(client.send('hooks.flaky'))).toBe(3);
    await vi.waitFor(() => expect(told.filter(line => line.startsWith('beforeHandle'))).toHaveLength(3));
    expect(told.filter(line => line.includes('Send') || line.includes('Reply'))).toEqual([
      'beforeSend hooks.flaky',
      'afterReply hooks.flaky',
    ]);
  });

  it('veto a call before it is sent', async () => {
    const veto = new ParleyException('UNAUTHENTICATED', 'who are you?');
    const hook: ParleyHook = {
      beforeSend: () => {
        throw veto;
      },
    };
    const client = services.client('hooks', { hooks: [new Teller(), hook] });
    await expect(lastValueFrom(client.send('hooks.headers'))).rejects.toMatchObject({
      status: 'UNAUTHENTICATED',
    });
    await expect(firstValueFrom(client.emit('hooks.event'))).rejects.toMatchObject({
      status: 'UNAUTHENTICATED',
    });
    expect(told).toEqual([
      'beforeSend hooks.headers',
      'onError client hooks.headers',
      'beforeSend hooks.event',
      'onError client hooks.event',
    ]);
  });

  it('veto a call before it is handled', async () => {
    const client = services.client('hooks');
    await expect(lastValueFrom(client.send('hooks.closed'))).rejects.toMatchObject({
      status: 'FAILED_PRECONDITION',
      message: 'not today',
    });
    expect(handled).toEqual([]);
  });

  it('that hang take no more than the call’s time', async () => {
    const client = services.client('hooks', {
      hooks: [{ beforeSend: () => new Promise<void>(() => undefined) }],
    });
    const record = new ParleyRecordBuilder(1).setTimeout(50).build();
    await expect(lastValueFrom(client.send('hooks.headers', record))).rejects.toMatchObject({
      status: 'DEADLINE_EXCEEDED',
    });
  });

  it('come once for a collection', async () => {
    const client = services.client('hooks', { hooks: [new Teller()] });
    const answers = await lastValueFrom(client.collect('hooks.headers', null, { expect: 1 }).pipe(toArray()));
    expect(answers).toMatchObject([{ value: { hooked: 'by client' } }]);
    expect(told.filter(line => line.includes('Send') || line.includes('Reply'))).toHaveLength(2);
  });

  it('leave Nest’s own hooks as they are', async () => {
    const client = services.client('hooks', { hooks: [new Teller()] });
    client.setOnDispatchHook(packet => void (packet.metadata = { from: 'nest' }));
    await lastValueFrom(client.send('hooks.headers'));
    await vi.waitFor(() => expect(nests).toEqual(['start', 'end']));
  });
});

describe('hooks of a server and a client on their own', () => {
  const services = new Services();
  let close: () => Promise<void>;
  afterAll(async () => {
    await close();
    await services.stop();
  });

  it('are given as options; Nest’s own that come before all enhancers still run', async () => {
    told.length = 0;
    const seen: string[] = [];
    const hooks = [new ServerTeller(new Names())];
    @Module({ controllers: [HooksController] })
    class PlainModule {}
    const app = await NestFactory.createMicroservice<{ strategy: ParleyServer }>(PlainModule, {
      strategy: new ParleyServer({ ...services.options('plain'), hooks }),
      logger: ['fatal'],
    });
    close = () => app.close();
    app.registerPreRequestHook((context, next) => {
      seen.push(context.getHandler().name);
      return next();
    });
    await app.listen();
    const client = services.client('plain', { hooks: [new Teller()] });
    expect(await lastValueFrom(client.send('hooks.headers', 0))).toEqual({
      hooked: 'by client',
      server: 'by server',
    });
    expect(seen).toEqual(['headers']);
    await vi.waitFor(() => expect(told).toHaveLength(4));
  });
});

describe('hooks of a stream whose server is closed', () => {
  const services = new Services();
  afterAll(() => services.stop());

  it('come once at its client, and with each run of its handler', async () => {
    told.length = 0;
    replies.length = 0;
    const first = await services.start('moving', [HooksController], {}, [Names, ServerTeller]);
    const client = services.client('moving', { hooks: [new Teller()] });
    let seen = 0;
    let moved = false;
    const whole = lastValueFrom(
      client.send<number>('hooks.resumable').pipe(takeWhile(n => (seen = n) < 20 || !moved)),
    );
    await vi.waitFor(() => expect(seen).toBeGreaterThan(5));
    await services.start('moving', [HooksController], {}, [Names, ServerTeller]);
    await first.close();
    await vi.waitFor(() => expect(told.filter(line => line.startsWith('beforeHandle'))).toHaveLength(2));
    const then = seen;
    await vi.waitFor(() => expect(seen).toBeGreaterThan(then + 5));
    moved = true;
    await whole;
    expect(told.filter(line => line.includes('Send') || line.includes('Reply'))).toEqual([
      'beforeSend hooks.resumable',
      'afterReply hooks.resumable',
    ]);
    expect(replies[0]!.last).toBe(seen);
    await vi.waitFor(() => expect(told.filter(line => line.startsWith('afterHandle'))).toHaveLength(2));
  });
});

describe('hooks that are slow after a call', () => {
  const services = new Services();
  afterAll(() => services.stop());

  it('have ended when the server has closed', async () => {
    let goOn: () => void = () => undefined;
    const ended = vi.fn();
    const slow: ParleyHook = {
      afterHandle: async () => {
        await new Promise<void>(resolve => (goOn = resolve));
        ended();
      },
    };
    const app = await services.start('slow', [HooksController], { hooks: [slow] });
    await lastValueFrom(services.client('slow').send('hooks.headers', 0));
    let closed = false;
    const closing = app
      .get(ParleyServer)
      .drain()
      .then(() => (closed = true));
    await vi.waitFor(() => expect(app.get(ParleyServer).health().draining).toBe(true));
    await services.client('slow', { from: 'other' }).connect();
    expect(closed).toBe(false);
    goOn();
    await closing;
    expect(ended).toHaveBeenCalledOnce();
  });
});

@ParleyHook()
class ContextHook extends Teller {}

describe('hooks of an application that only calls', () => {
  const services = new Services();
  afterAll(() => services.stop());

  it('are found among its providers, and are those of all its clients', async () => {
    told.length = 0;
    await services.start('hooked', [HooksController]);
    const app = await services.context('caller', ['hooked'], {}, [ContextHook]);
    const client = app.get<ReturnType<Services['client']>>('parley.client.hooked');
    expect(await lastValueFrom(client.send('hooks.headers', 0))).toEqual({ hooked: 'by client' });
    expect(told).toEqual(['beforeSend hooks.headers', 'afterReply hooks.headers']);
  });
});
