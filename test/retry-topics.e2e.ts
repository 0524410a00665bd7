import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyContext, ParleyRecordBuilder } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';
import { writeRecords } from './setup/write-record.js';

interface Run {
  by: string;
  data: string;
  attempt: number;
  at: number;
  context: ParleyContext;
}
const runs: Run[] = [];

function ran(by: string, data: string, context: ParleyContext): void {
  runs.push({ by, data, attempt: context.attempt, at: Date.now(), context });
}

@Controller()
class MailController {
  @EventPattern<string>('user.joined')
  @Handling({ retry: { attempts: 1, delaysMs: [300, 700] } })
  greet(@Payload() data: string, @Ctx() context: ParleyContext): void {
    ran('greet', data, context);
    if (data === 'never' || (data === 'later' && context.attempt < 3)) throw new Error('mailbox full');
  }

  @EventPattern<string>('user.joined')
  count(@Payload() data: string, @Ctx() context: ParleyContext): void {
    ran('count', data, context);
  }

  @EventPattern<string>('user.renamed')
  @Handling({ retry: { attempts: 1, delaysMs: [500], keepOrder: true } })
  rename(@Payload() data: string, @Ctx() context: ParleyContext): void {
    ran('rename', data, context);
    if (data === 'first' && context.attempt === 1) throw new Error('locked');
  }
}

describe('an event that waits on a retry topic', () => {
  const services = new Services();
  beforeAll(async () => {
    await services.start('mail', [MailController]);
    await services.start('mail', [MailController]);
  });
  afterAll(() => services.stop());

  const client = services.client('mail');
  const emit = (pattern: string, data: string, key: string) =>
    firstValueFrom(client.emit(pattern, new ParleyRecordBuilder(data).setKey(key).build()));
  const of = (by: string, data: string) => runs.filter(run => run.by === by && run.data === data);

  it('holds nobody up, and is given to the handler that failed when its delay has passed', async () => {
    await emit('user.joined', 'later', 'k');
    await emit('user.joined', 'prompt', 'k');
    await vi.waitFor(() => expect(of('greet', 'later')).toHaveLength(3), { timeout: 10_000 });
    const [first, second, third] = of('greet', 'later');
    expect([first, second, third].map(run => run!.attempt)).toEqual([1, 2, 3]);
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(300);
    expect(third!.at - second!.at).toBeGreaterThanOrEqual(700);
    expect(of('greet', 'prompt')[0]!.at).toBeLessThan(second!.at);
    expect(of('count', 'later')).toHaveLength(1);
    const { topic, partition, offset, key, headers, messageId } = third!.context;
    expect({ topic, partition, offset, key, headers, messageId }).toEqual({
      topic: first!.context.topic,
      partition: first!.context.partition,
      offset: first!.context.offset,
      key: 'k',
      headers: {},
      messageId: first!.context.messageId,
    });
  });

  it('becomes a dead letter after its last delay', async () => {
    await emit('user.joined', 'never', 'k');
    const [letter] = await vi.waitFor(
      async () => {
        const letters = await readTopic(`${services.prefix}user.joined.mail.dead`);
        expect(letters).toHaveLength(1);
        return letters;
      },
      { timeout: 15_000, interval: 200 },
    );
    expect(letter!.value).toBe('"never"');
    expect(letter!.headers).toMatchObject({
      'parley-dead-handler': 'MailController.greet',
      'parley-dead-topic': `${services.prefix}user.joined`,
      'parley-dead-attempts': '3',
    });
    expect(Object.keys(letter!.headers).filter(name => name.startsWith('parley-retry'))).toEqual([]);
  });

  it('waits in place where order is to be kept: later ones of its key do too, and no others', async () => {
    await emit('user.renamed', 'first', 'ada');
    await emit('user.renamed', 'second', 'ada');
    await emit('user.renamed', 'other', 'bob');
    await vi.waitFor(() => expect(of('rename', 'second')).toHaveLength(1), { timeout: 10_000 });
    const order = runs.filter(({ by }) => by === 'rename').map(({ data }) => data);
    expect(order.filter(data => data !== 'other')).toEqual(['first', 'first', 'second']);
    expect(order.indexOf('other')).toBeLessThan(order.lastIndexOf('first'));
  });

  it('is no way in for others: what is there without its headers becomes a dead letter', async () => {
    const retryTopic = `${services.prefix}user.joined.mail.retry.300ms`;
    await writeRecords(retryTopic, { value: '"stray"' }, { value: null, headers: { parley: '9' } });
    await vi.waitFor(
      async () => expect(await readTopic(`${services.prefix}user.joined.mail.dead`)).toHaveLength(3),
      { timeout: 15_000, interval: 200 },
    );
    expect(of('greet', 'stray')).toEqual([]);
  });
});
