import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import {
  Handling,
  ParleyContext,
  ParleyRecordBuilder,
  ParleyServer,
  type RecordMetadata,
} from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { deleteRecords } from './setup/delete-records.js';
import { lagOf } from './setup/lag.js';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';

interface Seen {
  data: string;
  key: string | undefined;
  replayed: boolean;
}

/** What the handlers do with each event. */
let seen: Seen[] = [];
let mailed: string[] = [];
let during: (data: string) => Promise<void> | void = () => undefined;

@Controller()
class OrdersController {
  @EventPattern<string>('order.created')
  @Handling({ retry: { attempts: 2, waitMs: 1 } })
  async project(@Payload() data: string, @Ctx() { key, replayed }: ParleyContext): Promise<void> {
    seen.push({ data, key, replayed });
    await during(data);
  }

  @EventPattern<string>('order.created')
  @Handling({})
  mail(@Payload() data: string): void {
    mailed.push(data);
  }

  @EventPattern<string>('order.paid')
  @Handling({})
  paid(@Payload() data: string, @Ctx() { key, replayed }: ParleyContext): void {
    seen.push({ data, key, replayed });
  }
}

const ONLY = { handler: 'OrdersController.project' } as const;

describe('a replay of events', () => {
  const services = new Services();
  const client = services.client('orders');
  const group = `${services.prefix}orders.events`;
  let server: ParleyServer;
  beforeAll(async () => {
    server = (await services.start('orders', [OrdersController])).get(ParleyServer);
  });
  beforeEach(() => {
    [seen, mailed, during] = [[], [], () => undefined];
  });
  afterAll(() => services.stop());

  const emit = (data: string, key: string, pattern = 'order.created') =>
    firstValueFrom(client.emit<RecordMetadata>(pattern, new ParleyRecordBuilder(data).setKey(key).build()));
  const settled = (topic = 'order.created') =>
    vi.waitFor(async () => expect(await lagOf(group, `${services.prefix}${topic}`)).toBe(0), 10_000);
  const ofReplay = () => seen.filter(({ replayed }) => replayed);

  it('gives one handler all that is kept, in the order of each key, and nothing to anybody else', async () => {
    for (let n = 0; n < 20; n += 1) await emit(`${n}`, `k${n % 3}`);
    await vi.waitFor(() => expect(mailed).toHaveLength(20));
    await settled();
    mailed = [];
    const progress = vi.fn();
    const report = await server.replay('order.created', { from: 'earliest', ...ONLY, onProgress: progress });
    expect(report).toMatchObject({ ended: 'end', handled: 20, failed: 0, skipped: 0, failures: [] });
    expect(ofReplay()).toHaveLength(20);
    for (const key of ['k0', 'k1', 'k2']) {
      const order = ofReplay().filter(entry => entry.key === key);
      expect(order.map(({ data }) => Number(data))).toEqual(order.map((_, n) => Number(key[1]) + 3 * n));
    }
    expect(mailed).toEqual([]);
    expect(progress).toHaveBeenCalled();
    expect(await lagOf(group, `${services.prefix}order.created`)).toBe(0);
  });

  it('begins at a time or an offset, ends before one, and can go on from where it was interrupted', async () => {
    const { partition, offset } = await emit('first', 'k0');
    await emit('second', 'k0');
    await emit('third', 'k0');
    const between = { from: { [partition]: offset }, to: { [partition]: offset + 2 } };
    const report = await server.replay('order.created', { ...between, ...ONLY });
    expect(report).toMatchObject({ handled: 2, next: { [partition]: offset + 2 } });
    expect(ofReplay().map(({ data }) => data)).toEqual(['first', 'second']);

    const later = Date.now() + 60_000;
    expect(await server.replay('order.created', { from: new Date(later) })).toMatchObject({ handled: 0 });

    seen = [];
    const leaving = new AbortController();
    during = () => leaving.abort();
    const from = { [partition]: offset };
    const stopped = await server.replay('order.created', {
      from,
      ...ONLY,
      concurrency: 1,
      signal: leaving.signal,
    });
    expect(stopped).toMatchObject({ ended: 'interrupted', handled: 1, next: { [partition]: offset + 1 } });
    await server.replay('order.created', { from: stopped.next, ...ONLY });
    expect(ofReplay().map(({ data }) => data)).toEqual(['first', 'second', 'third']);
  });

  it('keeps what fails as a dead letter, or only tells of it', async () => {
    const { partition, offset } = await emit('bad', 'k1');
    await vi.waitFor(() => expect(mailed).toEqual(['bad']));
    const dead = `${services.prefix}order.created.orders.dead`;
    const before = (await readTopic(dead)).length;
    during = () => {
      throw new RangeError('no more');
    };
    const from = { [partition]: offset };
    const told = await server.replay('order.created', { from, ...ONLY, failures: 'report' });
    const failure = { partition, offset, handler: ONLY.handler, attempts: 2 };
    expect(told).toMatchObject({
      ended: 'end',
      failed: 1,
      failures: [{ ...failure, cause: { name: 'RangeError', message: 'no more' } }],
    });
    expect(await readTopic(dead)).toHaveLength(before);
    expect(await server.replay('order.created', { from, ...ONLY })).toMatchObject({ failed: 1 });
    const letters = await readTopic(dead);
    expect(letters).toHaveLength(before + 1);
    expect(letters.at(-1)?.headers).toMatchObject({ 'parley-replayed': '1' });
  });

  it('ends at once where there is nothing, and says where the log begins later than was asked', async () => {
    const { partition } = await emit('gone', 'k1', 'order.paid');
    await settled('order.paid');
    await deleteRecords(`${services.prefix}order.paid`);
    const start = await emit('kept', 'k1', 'order.paid');
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    const report = await server.replay('order.paid', { from: { 0: 0, 1: 0 } });
    expect(report).toMatchObject({ ended: 'end', handled: 1 });
    expect(report.partitions).toContainEqual({
      partition,
      from: start.offset,
      to: start.offset + 1,
      truncated: true,
    });
    expect(report.partitions).toContainEqual({ partition: 1 - partition, from: 0, to: 0, truncated: false });
    expect(ofReplay().map(({ data }) => data)).toEqual(['kept']);
  });

  it('goes no faster than it is told, and ends with its server', async () => {
    const replaying = server.replay('order.created', { from: 'earliest', ...ONLY, perSecond: 2 });
    await vi.waitFor(() => expect(ofReplay().length).toBeGreaterThan(0));
    await server.drain();
    const report = await replaying;
    expect(report.ended).toBe('interrupted');
    expect(report.handled).toBeLessThan(20);
    await expect(server.replay('order.created', { from: 'earliest' })).rejects.toMatchObject({
      status: 'UNAVAILABLE',
    });
  });

  it('is refused for what cannot be replayed', async () => {
    const replay = (pattern: string, options: object) => server.replay(pattern, options as never);
    await expect(replay('order.lost', { from: 'earliest' })).rejects.toThrow(
      'no handler of the event "order.lost"',
    );
    await expect(replay('order.created', { from: 'earliest', handler: 'X.y' })).rejects.toThrow(
      'no handler X.y of the event "order.created": it has OrdersController.project, OrdersController.mail',
    );
    await expect(replay('order.created', {})).rejects.toThrow('from must be');
    await expect(replay('order.created', { from: 'earliest', perSecond: 0 })).rejects.toThrow(
      'perSecond must be',
    );
  });
});
