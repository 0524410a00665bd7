import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import {
  DeadLetterOffice,
  Handling,
  ParleyContext,
  ParleyRecordBuilder,
  REDRIVE_HEADERS,
  type RedriveReport,
} from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';

const WITHIN = { timeout: 15_000, interval: 100 };
const ONCE = { retry: { attempts: 1 } };

/** What one handler has had, and whether it fails now. */
class Ward {
  failing = true;
  readonly seen: { data: unknown; context: ParleyContext }[] = [];

  take(data: unknown, context: ParleyContext): void {
    if (this.failing) throw new TypeError(`no room for ${String(data)}`);
    this.seen.push({ data, context });
  }

  /** In the order of numbers, so that one that came twice shows. */
  get numbers(): number[] {
    return this.seen.map(({ data }) => Number(data)).toSorted((a, b) => a - b);
  }
}

const created = new Ward();
const beside = new Ward();
const left = new Ward();
const paid = new Ward();
const shared = new Ward();

@Controller()
class MailerController {
  @EventPattern<string>('user.created')
  @Handling(ONCE)
  created(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    created.take(data, context);
  }

  @EventPattern<string>('user.created')
  @Handling(ONCE)
  beside(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    beside.take(data, context);
  }

  @EventPattern<string>('user.left')
  @Handling(ONCE)
  left(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    left.take(data, context);
  }

  @EventPattern<string>('user.paid')
  @Handling(ONCE)
  paid(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    paid.take(data, context);
  }

  @EventPattern<string>('user.shared')
  @Handling(ONCE)
  shared(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    shared.take(data, context);
  }
}

const counted: unknown[] = [];

@Controller()
class CounterController {
  @EventPattern<string>('user.created')
  count(@Payload() data: unknown): void {
    counted.push(data);
  }
}

describe('dead letters', () => {
  const services = new Services();
  let office: DeadLetterOffice;
  const open = () =>
    DeadLetterOffice.open({
      service: 'mailer',
      kafka: { brokers: inject('brokers') },
      prefix: services.prefix,
    });
  beforeAll(async () => {
    beside.failing = false;
    await services.start('mailer', [MailerController]);
    await services.start('counter', [CounterController]);
    office = await open();
  });
  afterAll(async () => {
    await office?.close();
    await services.stop();
  });

  /** Emits numbers from 1 that become letters, and waits until they are. */
  async function die(pattern: string, count: number): Promise<void> {
    const client = services.client('mailer');
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    await Promise.all(
      numbers.map(n => {
        const record = new ParleyRecordBuilder(n).setKey(`k${n}`).setHeaders({ tenant: 'blue' }).build();
        return firstValueFrom(client.emit(pattern, record));
      }),
    );
    await vi.waitFor(async () => expect((await office.list({ topic: pattern })).matched).toBe(count), WITHIN);
  }

  const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it('are listed, shown, and redriven to the handler that gave them up once it is mended', async () => {
    await die('user.created', 3);
    const { letters } = await office.list({ topic: 'user.created', cause: 'no room for 2' });
    expect(letters).toMatchObject([
      { key: 'k2', cause: 'TypeError: no room for 2', handler: 'MailerController.created', redrives: 0 },
    ]);
    const shown = await office.show(letters[0]!.id);
    expect(shown).toMatchObject({ service: 'mailer', attempts: 1, redriven: false });
    expect(String(shown.record.value)).toBe('2');
    expect(shown.cause.stack).toContain('Ward.take');

    created.failing = false;
    const topic = 'user.created';
    expect(await office.redrive({ topic })).toMatchObject({ dryRun: true, redriven: 3, ended: 'end' });
    expect((await office.list({ topic })).matched).toBe(3);
    expect(await readTopic(`${services.prefix}user.created`)).toHaveLength(3);

    expect(await office.redrive({ topic, key: 'k2', dryRun: false })).toMatchObject({ redriven: 1 });
    expect((await office.list({ topic })).letters.map(({ key }) => key)).not.toContain('k2');
    expect(await office.show(letters[0]!.id)).toMatchObject({ redriven: true });
    expect(await office.redrive({ topic, dryRun: false })).toMatchObject({ redriven: 2, ended: 'end' });
    expect(await office.redrive({ topic, dryRun: false })).toMatchObject({ redriven: 0, ended: 'end' });

    await vi.waitFor(() => expect(created.numbers).toEqual([1, 2, 3]), WITHIN);
    const { context } = created.seen.find(({ data }) => data === 2)!;
    expect(context).toMatchObject({ key: 'k2', headers: { tenant: 'blue', [REDRIVE_HEADERS.count]: '1' } });
    // They had the event already: the other handler of the service, and the other service.
    expect(beside.numbers).toEqual([1, 2, 3]);
    expect(counted).toHaveLength(3);
  });

  it('are redriven once each where a redrive is interrupted and another goes on', async () => {
    await die('user.left', 60);
    left.failing = false;
    const interruption = new AbortController();
    const onProgress = ({ redriven }: Readonly<RedriveReport>) => {
      if (redriven >= 20) interruption.abort();
    };
    const { signal } = interruption;
    const topic = 'user.left';
    const first = await office.redrive({ topic, dryRun: false, perSecond: 200, signal, onProgress });
    expect(first.ended).toBe('interrupted');
    expect(first.redriven).toBeGreaterThanOrEqual(20);
    expect(first.redriven).toBeLessThan(60);
    const second = await office.redrive({ topic, dryRun: false });
    expect(second).toMatchObject({ ended: 'end', redriven: 60 - first.redriven });
    await vi.waitFor(() => expect(left.numbers).toEqual(numbersTo(60)), WITHIN);
    expect(await readTopic(`${services.prefix}user.left`)).toHaveLength(120);
  });

  it('that die again keep their history, and are redriven only when that is asked for', async () => {
    await die('user.paid', 1);
    const topic = 'user.paid';
    expect(await office.redrive({ topic, dryRun: false })).toMatchObject({ redriven: 1, diedAgain: 0 });
    const [again] = await vi.waitFor(async () => {
      const { letters } = await office.list({ topic });
      expect(letters).toMatchObject([{ redrives: 1, redriven: false }]);
      return letters;
    }, WITHIN);
    expect((await office.show(again!.id)).history).toMatchObject([
      { service: 'mailer', attempts: 1, cause: 'TypeError: no room for 1' },
    ]);
    paid.failing = false;
    expect(await office.redrive({ topic, dryRun: false })).toMatchObject({ redriven: 0, diedAgain: 1 });
    expect(await office.redrive({ topic, dryRun: false, again: true })).toMatchObject({ redriven: 1 });
    await vi.waitFor(() => expect(paid.numbers).toEqual([1]), WITHIN);
    expect(paid.seen[0]!.context.headers).toMatchObject({ [REDRIVE_HEADERS.count]: '2' });
  });

  it('are redriven once each by two who do so at a time', async () => {
    await die('user.shared', 40);
    shared.failing = false;
    const other = await open();
    try {
      const reports = await Promise.all(
        [office, other].map(one => one.redrive({ topic: 'user.shared', dryRun: false, perSecond: 100 })),
      );
      expect(reports[0]!.redriven + reports[1]!.redriven).toBe(40);
    } finally {
      await other.close();
    }
    await vi.waitFor(() => expect(shared.numbers).toEqual(numbersTo(40)), WITHIN);
    expect(await readTopic(`${services.prefix}user.shared`)).toHaveLength(80);
  });

  it('that nobody has are NOT_FOUND', async () => {
    const topic = `${services.prefix}user.created.mailer.dead`;
    await expect(office.show(`${topic}/0/999`)).rejects.toMatchObject({ status: 'NOT_FOUND' });
    await expect(office.show(`${services.prefix}user.created/0/0`)).rejects.toMatchObject({
      status: 'NOT_FOUND',
    });
    await expect(office.show('nonsense')).rejects.toThrow(/names no dead letter/);
  });
});
