import {
  Controller,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { InjectParley, Link, ParleyClient, ParleyContext } from '@parley/transport';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

/** Pulses tell within six seconds that a client has gone: what is told at once comes far sooner. */
const AT_ONCE = { timeout: 2000, interval: 10 };

const begun = new Set<string>();
const aborted = new Set<string>();
const kept: unknown[] = [];

@Controller()
class BackendController {
  @MessagePattern('hello')
  hello(@Payload() name: string): string {
    return `hello ${name}`;
  }

  @MessagePattern('wait')
  async wait(@Payload() name: string, @Ctx() { signal }: ParleyContext): Promise<void> {
    begun.add(name);
    await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
    aborted.add(name);
  }

  @EventPattern('kept')
  keep(@Payload() name: string): void {
    kept.push(name);
  }
}

/** Has something to say whenever Nest asks it to end, the first time. */
@Injectable()
class Farewells implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly answers: unknown[] = [];

  constructor(@InjectParley('backend') readonly backend: ParleyClient) {}

  onModuleDestroy(): Promise<void> {
    return this.say('destroyed');
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.say('before shutdown');
  }

  onApplicationShutdown(): Promise<void> {
    return this.say('shutdown');
  }

  private async say(word: string): Promise<void> {
    if (this.answers.length === 3) return;
    this.answers.push(await firstValueFrom(this.backend.send('hello', word)));
    await lastValueFrom(this.backend.emit('kept', word));
  }
}

describe('closing what only calls', () => {
  const services = new Services();
  beforeAll(() => services.start('backend', [BackendController]));
  afterAll(() => services.stop());

  it('an application of clients only serves the hooks of its providers, and leaves no event behind', async () => {
    const context = await services.context('caller', ['backend'], {}, [Farewells]);
    const { backend, answers } = context.get(Farewells);
    const waiting = expect(firstValueFrom(backend.send('wait', 'in context'))).rejects.toMatchObject({
      status: 'UNAVAILABLE',
      message: 'this process closed its link to Kafka',
    });
    await vi.waitFor(() => expect(begun).toContain('in context'));
    const events = Array.from({ length: 100 }, (_, n) => lastValueFrom(backend.emit('kept', n)));
    await context.close();
    await waiting;
    expect(answers).toEqual(['hello destroyed', 'hello before shutdown', 'hello shutdown']);
    await Promise.all(events);
    await vi.waitFor(
      () =>
        expect(new Set(kept)).toEqual(
          new Set([...Array(100).keys(), 'destroyed', 'before shutdown', 'shutdown']),
        ),
      AT_ONCE,
    );
    await vi.waitFor(() => expect(aborted).toContain('in context'), AT_ONCE);
    expect(context.get(Link).health()).toMatchObject({ state: 'closed', pendingCalls: 0 });
  });

  it('a client ends its calls on their servers too, though these have not told of themselves yet', async () => {
    const client = services.client('backend');
    await client.connect();
    const calls = ['a', 'b', 'c'].map(name =>
      expect(firstValueFrom(client.send('wait', name))).rejects.toThrow(),
    );
    await vi.waitFor(() => expect([...begun]).toEqual(expect.arrayContaining(['a', 'b', 'c'])));
    await client.close();
    await Promise.all(calls);
    await vi.waitFor(() => expect([...aborted]).toEqual(expect.arrayContaining(['a', 'b', 'c'])), AT_ONCE);
  });

  it('an event emitted just before is sent, also where nothing is connected yet', async () => {
    const client = services.client('backend');
    const event = lastValueFrom(client.emit('kept', 'first and last'));
    await client.close();
    await event;
    await vi.waitFor(() => expect(kept).toContain('first and last'));
  });

  it('closing twice, at a time or one after another, is closing once; what is used again opens anew', async () => {
    const client = services.client('backend');
    expect(await firstValueFrom(client.send('hello', 'you'))).toBe('hello you');
    const event = lastValueFrom(client.emit('kept', 'twice'));
    await Promise.all([client.close(), client.close()]);
    await event;
    await client.close();
    expect(await firstValueFrom(client.send('hello', 'again'))).toBe('hello again');
  });
});
