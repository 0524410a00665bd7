import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { ParleyClient } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

@Controller()
class EchoController {
  @MessagePattern('echo')
  async echo(@Payload() n: number): Promise<number> {
    await new Promise<void>(resolve => void setImmediate(resolve));
    return n;
  }
}

/** Callers in a closed loop, until they are stopped. */
class Load {
  answered = 0;
  readonly failures: unknown[] = [];
  private stopped = false;
  private readonly callers: Promise<void>[];

  constructor(client: ParleyClient, callers: number) {
    this.callers = Array.from({ length: callers }, (_, index) => this.call(client, index));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.callers);
  }

  private async call(client: ParleyClient, index: number): Promise<void> {
    for (let n = index; !this.stopped; n += 1000) {
      try {
        const answer = await firstValueFrom(client.send<number>('echo', n));
        if (answer !== n) this.failures.push(`asked ${n}, answered ${answer}`);
      } catch (error) {
        this.failures.push(error);
      }
      this.answered += 1;
    }
  }
}

describe('an elastic fleet', () => {
  const services = new Services();
  afterAll(() => services.stop());

  const more = (load: Load, answers = 200) => {
    const from = load.answered;
    return expect
      .poll(() => load.answered - from, { timeout: 20_000, interval: 20 })
      .toBeGreaterThan(answers);
  };

  it('loses no call of the survivors while callers come and go', async () => {
    await services.start('calm', [EchoController]);
    const load = new Load(services.client('calm', { from: 'survivor' }), 16);
    await more(load);
    const others = [1, 2, 3].map(() => services.client('calm', { from: 'survivor' }));
    const otherLoads = others.map(client => new Load(client, 8));
    await more(load);
    for (const client of others) await client.close();
    await more(load);
    await load.stop();
    await Promise.all(otherLoads.map(one => one.stop()));
    expect(load.failures).toEqual([]);
  });

  it('loses no call while servers are rolled', async () => {
    const first = await services.start('rolled', [EchoController]);
    const second = await services.start('rolled', [EchoController]);
    const load = new Load(services.client('rolled'), 16);
    await more(load);
    const third = await services.start('rolled', [EchoController]);
    await more(load);
    await first.close();
    await more(load);
    const fourth = await services.start('rolled', [EchoController]);
    await second.close();
    await more(load);
    await third.close();
    await more(load);
    await load.stop();
    expect(load.failures).toEqual([]);
    await fourth.close();
  });
});
