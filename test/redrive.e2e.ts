import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { DeadLetterOffice, Handling, ParleyContext, ParleyRecordBuilder } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';

const WITHIN = { timeout: 15_000, interval: 100 };

/** What each service's handler has had, and whether it fails now. */
class Ward {
  failing = true;
  readonly seen: { data: unknown; context: ParleyContext }[] = [];

  handle(data: unknown, context: ParleyContext): void {
    if (this.failing) throw new TypeError(`no room for ${String(data)}`);
    this.seen.push({ data, context });
  }

  values(): unknown[] {
    return this.seen.map(({ data }) => data);
  }
}

const mailer = new Ward();
const counter = new Ward();

@Controller()
class MailerController {
  @EventPattern<string>('user.created')
  @Handling({ retry: { attempts: 1 } })
  welcome(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    mailer.handle(data, context);
  }
}

@Controller()
class CounterController {
  @EventPattern<string>('user.created')
  @Handling({ retry: { attempts: 1 } })
  count(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    counter.handle(data, context);
  }
}

describe('dead letters', () => {
  const services = new Services();
  let office: DeadLetterOffice;
  beforeAll(async () => {
    counter.failing = false;
    await services.start('mailer', [MailerController]);
    await services.start('counter', [CounterController]);
    office = await DeadLetterOffice.open({
      service: 'mailer',
      kafka: { brokers: inject('brokers') },
      prefix: services.prefix,
    });
  });
  afterAll(async () => {
    await office.close();
    await services.stop();
  });

  it('are listed, shown and redriven once their handler is mended', async () => {
    const client = services.client('mailer');
    for (const n of [1, 2, 3]) {
      const record = new ParleyRecordBuilder(n).setKey(`k${n}`).setHeaders({ tenant: 'blue' }).build();
      await firstValueFrom(client.emit('user.created', record));
    }
    await vi.waitFor(async () => expect((await office.list()).matched).toBe(3), WITHIN);
    const { letters } = await office.list({ cause: 'no room for 2' });
    expect(letters).toMatchObject([{ key: 'k2', cause: 'TypeError: no room for 2', redrives: 0 }]);
    expect(await office.show(letters[0]!.id)).toMatchObject({ service: 'mailer', redriven: false });

    mailer.failing = false;
    expect(await office.redrive()).toMatchObject({ dryRun: true, redriven: 3, ended: 'end' });
    expect((await office.list()).matched).toBe(3);
    expect(await office.redrive({ key: 'k2', dryRun: false })).toMatchObject({ redriven: 1, ended: 'end' });
    await vi.waitFor(() => expect(mailer.values()).toEqual([2]), WITHIN);
    expect((await office.list()).matched).toBe(2);
    expect(await office.redrive({ dryRun: false })).toMatchObject({ redriven: 2, redrivenBefore: 1 });
    await vi.waitFor(() => expect(new Set(mailer.values())).toEqual(new Set([1, 2, 3])), WITHIN);
    expect(mailer.seen[0]!.context).toMatchObject({ key: 'k2', headers: { tenant: 'blue' } });
    expect(new Set(counter.values())).toEqual(new Set([1, 2, 3]));
    expect(counter.values()).toHaveLength(3);
    expect(await readTopic(`${services.prefix}user.created`)).toHaveLength(6);
  });
});
