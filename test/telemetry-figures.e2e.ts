import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyException, ParleyRecordBuilder, ParleyServer } from '@parley/transport';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Figures } from './setup/figures.js';
import { Services } from './setup/services.js';
import { writeRecords } from './setup/write-record.js';

let release: () => void = () => undefined;
/** Calls that wait to be released. */
let waiting = 0;

@Controller()
class MeasuredController {
  @MessagePattern('measured.echo')
  echo(@Payload() data: unknown) {
    return data;
  }

  @MessagePattern('measured.fails')
  fails() {
    throw new ParleyException('NOT_FOUND', 'nobody');
  }

  @MessagePattern('measured.flaky')
  flaky() {
    throw new ParleyException('UNAVAILABLE', 'not yet');
  }

  @MessagePattern('measured.waits')
  waits() {
    waiting += 1;
    return new Promise<void>(resolve => {
      release = () => {
        waiting -= 1;
        resolve();
      };
    });
  }

  @MessagePattern('measured.one-by-one')
  @Handling({ concurrency: 1 })
  oneByOne() {
    return this.waits();
  }

  @MessagePattern('measured.stream')
  async *stream(@Payload() count: number) {
    for (let n = 0; n < count; n += 1) yield await Promise.resolve(n);
  }

  @EventPattern<string>('measured.event')
  event() {}

  @EventPattern<string>('measured.hopeless')
  @Handling({ retry: { attempts: 3, waitMs: 1 } })
  hopeless() {
    throw new Error('never works');
  }
}

describe('figures', () => {
  const services = new Services();
  const figures = new Figures();
  const calls = `${services.prefix}measured.calls`;
  let server: ParleyServer;

  beforeAll(async () => {
    server = (await services.start('measured', [MeasuredController])).get(ParleyServer);
    // Later than Parley: it is noticed.
    figures.register();
  });
  afterAll(async () => {
    await services.stop();
    await figures.shutdown();
  });

  it('time calls at both ends, by service and pattern', async () => {
    const client = services.client('measured');
    for (let n = 0; n < 3; n += 1) await lastValueFrom(client.send('measured.echo', n));
    const pattern = { 'parley.pattern': 'measured.echo' };
    expect(await figures.of('parley.client.call.duration', pattern)).toEqual([
      { attributes: { ...pattern, 'parley.service': 'measured' }, value: 3, unit: 's' },
    ]);
    const process = {
      ...pattern,
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': calls,
      'messaging.consumer.group.name': calls,
    };
    expect(await figures.of('messaging.process.duration', pattern)).toEqual([
      { attributes: process, value: 3, unit: 's' },
    ]);
  });

  it('tell errors apart by their status', async () => {
    const client = services.client('measured');
    await expect(lastValueFrom(client.send('measured.fails'))).rejects.toThrow('nobody');
    const error = { 'parley.pattern': 'measured.fails', 'error.type': 'NOT_FOUND' };
    for (const name of ['parley.client.call.duration', 'messaging.process.duration'])
      expect(await figures.of(name, error)).toMatchObject([{ value: 1 }]);
  });

  it('count what is sent and consumed, by topic, and the batches it goes in', async () => {
    const client = services.client('measured');
    const topic = `${services.prefix}measured.event`;
    await firstValueFrom(client.emit('measured.event', 1));
    const destination = { 'messaging.destination.name': topic };
    const sending = {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      ...destination,
    };
    expect(await figures.of('messaging.client.sent.messages', destination)).toEqual([
      { attributes: sending, value: 1, unit: '{message}' },
    ]);
    expect(await figures.of('messaging.client.operation.duration', destination)).toEqual([
      { attributes: sending, value: 1, unit: 's' },
    ]);
    await vi.waitFor(async () =>
      expect(await figures.of('messaging.client.consumed.messages', destination)).toMatchObject([
        { value: 1, attributes: { 'messaging.consumer.group.name': `${services.prefix}measured.events` } },
      ]),
    );
    await vi.waitFor(async () => {
      const read = await figures.read();
      const durations = read.get('messaging.client.operation.duration')!;
      const requests = durations.reduce((sum, { value }) => sum + value, 0);
      expect(read.get('parley.sender.batch.size')).toEqual([
        { attributes: {}, value: requests, unit: '{record}' },
      ]);
    });
  });

  it('count attempts of policies, runs of event handlers, and dead letters', async () => {
    const client = services.client('measured', { policies: { retry: { attempts: 3, waitMs: 1 } } });
    await expect(lastValueFrom(client.send('measured.flaky'))).rejects.toThrow('not yet');
    expect(await figures.of('parley.client.call.retries')).toMatchObject([
      { value: 2, attributes: { 'parley.pattern': 'measured.flaky', 'parley.service': 'measured' } },
    ]);
    await firstValueFrom(client.emit('measured.hopeless', 1));
    await vi.waitFor(async () =>
      expect(await figures.of('parley.dead_letters')).toMatchObject([
        { value: 1, attributes: { 'messaging.destination.name': `${services.prefix}measured.hopeless` } },
      ]),
    );
    expect(await figures.of('parley.event.retries')).toMatchObject([
      { value: 2, attributes: { 'parley.pattern': 'measured.hopeless' } },
    ]);
  });

  it('read live state: what runs, what is in hand, what lags', async () => {
    const client = services.client('measured', { from: 'measuring' });
    const answer = firstValueFrom(client.send('measured.waits'));
    const inGroup = { 'messaging.consumer.group.name': `${services.prefix}measured.calls` };
    await vi.waitFor(async () => {
      expect(await figures.of('parley.server.records_in_hand', inGroup)).toMatchObject([{ value: 1 }]);
      expect(await figures.of('parley.server.active_calls', { 'parley.service': 'measured' })).toMatchObject([
        { value: 1 },
      ]);
    });
    expect(await figures.of('parley.client.active_calls', { 'parley.service': 'measuring' })).toMatchObject([
      { value: 1 },
    ]);
    const lags = await figures.of('parley.consumer.lag', { 'messaging.destination.name': calls });
    expect(lags.reduce((sum, { value }) => sum + value, 0)).toBe(1);
    expect(await figures.of('parley.consumer.rebalances', inGroup)).toMatchObject([
      { value: expect.any(Number) as number },
    ]);
    release();
    await answer;
    await vi.waitFor(async () =>
      expect(await figures.of('parley.server.records_in_hand', inGroup)).toMatchObject([{ value: 0 }]),
    );
  });

  it('count records that come to nothing, and why', async () => {
    const dropped = (why: string, topic = calls) =>
      figures.of('parley.dropped_records', { 'messaging.destination.name': topic, 'error.type': why });
    const inbox = `${services.prefix}measured.inbox`;
    const parley = `9 frames ${server.health().link.instance}`;
    await writeRecords(inbox, ...[0, 1].map(partition => ({ partition, value: '', headers: { parley } })));
    await writeRecords(calls, { value: 'no request', headers: {} });
    await vi.waitFor(async () => expect(await dropped('INVALID_ARGUMENT')).toMatchObject([{ value: 1 }]));
    await vi.waitFor(async () =>
      expect(await dropped('INVALID_ARGUMENT', inbox)).toMatchObject([{ value: 1 }]),
    );
    const client = services.client('measured');
    const running = firstValueFrom(client.send('measured.one-by-one'));
    await vi.waitFor(() => expect(waiting).toBe(1));
    const inTime = new ParleyRecordBuilder(0).setTimeout(500).build();
    await expect(lastValueFrom(client.send('measured.one-by-one', inTime))).rejects.toMatchObject({
      status: 'DEADLINE_EXCEEDED',
    });
    await vi.waitFor(async () => expect(await dropped('DEADLINE_EXCEEDED')).toMatchObject([{ value: 1 }]));
    release();
    await running;
  });

  it('count replies that wait for their callers', async () => {
    const client = services.client('measured', { window: 2 });
    let taken = 0;
    for await (const _item of client.send('measured.stream', 50)) taken += 1;
    expect(taken).toBe(50);
    const [stalls] = await figures.of('parley.server.credit_stalls', { 'parley.service': 'measured' });
    expect(stalls!.value).toBeGreaterThan(0);
  });

  it('keep attributes few: no pattern that has no handler, and not every one that a client makes up', async () => {
    const client = services.client('measured', { from: 'inventive' });
    const made = Array.from({ length: 600 }, (_, n) => `measured.made-up-${n}`);
    await Promise.all(
      made.map(async pattern =>
        expect(lastValueFrom(client.send(pattern).pipe(toArray()))).rejects.toMatchObject({
          status: 'UNIMPLEMENTED',
        }),
      ),
    );
    const told = await figures.of('parley.client.call.duration', { 'error.type': 'UNIMPLEMENTED' });
    expect(told.length).toBeLessThanOrEqual(501);
    expect(told.reduce((sum, { value }) => sum + value, 0)).toBe(600);
    expect(told.some(({ attributes }) => attributes['parley.pattern'] === '_OTHER')).toBe(true);
    const processed = await figures.of('messaging.process.duration');
    expect(processed.some(({ attributes }) => String(attributes['parley.pattern']).includes('made-up'))).toBe(
      false,
    );
  });

  it('say 0 of what is closed, and go on telling what was counted', async () => {
    const own = new Services();
    await own.start('closing', [MeasuredController]);
    expect(await figures.of('parley.link.connected', { 'parley.service': 'closing' })).toMatchObject([
      { value: 1 },
    ]);
    const inGroup = { 'messaging.consumer.group.name': `${own.prefix}closing.calls` };
    const counted = await figures.of('parley.consumer.rebalances', inGroup);
    expect(counted).toHaveLength(1);
    await own.stop();
    expect(await figures.of('parley.consumer.rebalances', inGroup)).toEqual(counted);
    expect(await figures.of('parley.link.connected', { 'parley.service': 'closing' })).toMatchObject([
      { value: 0 },
    ]);
  });
});
