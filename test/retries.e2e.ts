import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyContext } from '@parley/transport';
import { firstValueFrom, NEVER, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';
import { writeRecords } from './setup/write-record.js';

const runs: { by: string; data: unknown; attempt: number }[] = [];
let hungSignal: AbortSignal | undefined;

@Controller()
class OrdersController {
  @EventPattern<string>('order.created')
  @Handling({ retry: { attempts: 3, waitMs: 20 } })
  ship(@Payload() data: string, @Ctx() context: ParleyContext): void {
    runs.push({ by: 'ship', data, attempt: context.attempt });
    if (data === 'unshippable') throw new RangeError('no such place');
    if (data === 'shaky' && context.attempt < 3) throw new Error('not yet');
  }

  @EventPattern<string>('order.created')
  bill(@Payload() data: string, @Ctx() context: ParleyContext): void {
    runs.push({ by: 'bill', data, attempt: context.attempt });
  }

  @EventPattern<string>('order.paid')
  @Handling({ retry: { when: error => !(error instanceof RangeError) } })
  paid(@Payload() data: string, @Ctx() context: ParleyContext): void {
    runs.push({ by: 'paid', data, attempt: context.attempt });
    throw new RangeError('too much');
  }

  @EventPattern<string>('order.lost')
  @Handling({ retry: { attempts: 1 }, timeoutMs: 200 })
  lost(@Payload() data: string, @Ctx() context: ParleyContext): Observable<never> {
    runs.push({ by: 'lost', data, attempt: context.attempt });
    hungSignal = context.signal;
    return NEVER;
  }
}

describe('an event whose handler fails', () => {
  const services = new Services();
  beforeAll(() => services.start('orders', [OrdersController]));
  afterAll(() => services.stop());

  const emit = (pattern: string, data: unknown) =>
    firstValueFrom(services.client('orders').emit(pattern, data));
  const attempts = (by: string, data: unknown) =>
    runs.filter(run => run.by === by && run.data === data).map(({ attempt }) => attempt);
  const letters = (pattern: string, count: number) =>
    vi.waitFor(
      async () => {
        const found = await readTopic(`${services.prefix}${pattern}.orders.dead`);
        expect(found).toHaveLength(count);
        return found;
      },
      { timeout: 15_000, interval: 200 },
    );

  it('is given to that handler again, as often as its policy says, and to no other', async () => {
    await emit('order.created', 'shaky');
    await vi.waitFor(() => expect(attempts('ship', 'shaky')).toEqual([1, 2, 3]));
    await emit('order.created', 'unshippable');
    const [letter, ...more] = await letters('order.created', 1);
    expect(more).toEqual([]);
    expect(attempts('ship', 'unshippable')).toEqual([1, 2, 3]);
    expect(attempts('bill', 'unshippable')).toEqual([1]);
    expect(letter!.headers).toMatchObject({
      'parley-dead-handler': 'OrdersController.ship',
      'parley-dead-attempts': '3',
      'parley-dead-cause-name': 'RangeError',
      'parley-dead-cause-message': 'no such place',
    });
  });

  it('is a dead letter at once where another run would not help', async () => {
    await emit('order.paid', 'a million');
    await letters('order.paid', 1);
    expect(attempts('paid', 'a million')).toEqual([1]);
  });

  it('has failed where its handler takes too long, which is told so', async () => {
    await emit('order.lost', 'parcel');
    const [letter] = await letters('order.lost', 1);
    expect(letter!.headers).toMatchObject({
      'parley-dead-cause-name': 'HandlerTimeout',
      'parley-dead-cause-message': 'the handler has not ended within 200 ms',
    });
    expect(hungSignal?.aborted).toBe(true);
  });

  it('and is put back for that handler alone reaches no other', async () => {
    const ours = { 'parley-for-service': 'orders', 'parley-for-handler': 'OrdersController.ship' };
    const others = { 'parley-for-service': 'elsewhere' };
    await writeRecords(
      `${services.prefix}order.created`,
      { value: '"again"', headers: ours },
      { value: '"not ours"', headers: others },
    );
    await vi.waitFor(() => expect(attempts('ship', 'again')).toEqual([1]));
    await emit('order.created', 'end');
    await vi.waitFor(() => expect(attempts('bill', 'end')).toEqual([1]));
    expect(attempts('bill', 'again')).toEqual([]);
    expect(attempts('ship', 'not ours')).toEqual([]);
  });
});
