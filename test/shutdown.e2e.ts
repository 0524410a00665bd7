import { Controller, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

@Injectable()
class Database implements OnModuleDestroy {
  open = true;

  onModuleDestroy(): void {
    this.open = false;
  }
}

let release: () => void = () => undefined;
let started = 0;

@Controller()
class SlowController {
  constructor(private readonly database: Database) {}

  @MessagePattern('slow')
  async slow(@Payload() data: string): Promise<string> {
    started += 1;
    await new Promise<void>(resolve => {
      release = resolve;
    });
    return `${data}, database ${this.database.open ? 'open' : 'closed'}`;
  }
}

describe('a server that is closed in the middle of a call', () => {
  const services = new Services();
  afterAll(() => services.stop());

  it('answers it first, with its providers still there, and commits it', async () => {
    const first = await services.start('closing', [SlowController], {}, [Database]);
    const client = services.client('closing');
    const answer = lastValueFrom(client.send<string>('slow', 'one'));
    await vi.waitFor(() => expect(started).toBe(1));
    const closed = first.close();
    release();
    expect(await answer).toBe('one, database open');
    await closed;

    // Its offset was committed: the next server does not run it again.
    await services.start('closing', [SlowController], {}, [Database]);
    const next = lastValueFrom(client.send<string>('slow', 'two'));
    await vi.waitFor(() => expect(started).toBe(2));
    release();
    expect(await next).toBe('two, database open');
    expect(started).toBe(2);
  });

  it('does not wait for a handler longer than drainTimeoutMs', async () => {
    const app = await services.start('stuck', [SlowController], { drainTimeoutMs: 300 }, [Database]);
    const client = services.client('stuck');
    const call = lastValueFrom(client.send('slow', 'x'));
    const refused = expect(call).rejects.toMatchObject({
      status: 'UNAVAILABLE',
      message: 'the server is draining',
    });
    await vi.waitFor(() => expect(started).toBe(3));
    await app.close();
    await refused;
  });
});
