import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { IHeaders } from 'kafkajs';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';
import { writeRecords } from './setup/write-record.js';

const handled: unknown[] = [];

@Controller()
class CarefulController {
  @EventPattern('thing.happened')
  happened(@Payload() data: unknown): void {
    handled.push(data);
  }

  @MessagePattern('echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

describe('a record that cannot be read', () => {
  const services = new Services();
  beforeAll(() => services.start('careful', [CarefulController]));
  afterAll(() => services.stop());

  it('of an event is a dead letter at once, with its reason, and the next is handled', async () => {
    const poison: [value: string | null, headers: IHeaders, cause: RegExp][] = [
      ['{', { parley: '1 event m thing.happened j c' }, /JSON/],
      ['{}', { parley: '1 event m thing.happened ? c' }, /content type/],
      ['{}', { parley: '2 event m thing.happened j c' }, /protocol version "2"/],
      ['{}', { parley: '1 frames i' }, /an inbox record/],
      ['{}', { parley: '1 event %E0%A4%A thing.happened j c' }, /percent-encoded/],
      ['{}', { parley: `1 event ${'m'.repeat(5000)} x j c` }, /5\d{3} bytes/],
      ['['.repeat(200_000), { parley: '1 event m thing.happened j c' }, /./],
      ['x'.repeat(100), { parley: '\u0000\u0001' }, /protocol version/],
    ];
    const topic = `${services.prefix}thing.happened`;
    for (const [value, headers] of poison) await writeRecords(topic, { key: 'k', value, headers });
    await writeRecords(topic, { key: 'k', value: '"fine"' });
    await vi.waitFor(() => expect(handled).toEqual(['fine']), { timeout: 15_000 });
    const letters = await readTopic(`${topic}.careful.dead`);
    expect(letters.map(({ value }) => value)).toEqual(poison.map(([value]) => value));
    for (const [index, { headers }] of letters.entries()) {
      expect(headers['parley-dead-attempts']).toBe('0');
      expect(headers['parley-dead-cause-message']).toMatch(poison[index]![2]);
    }
  });

  it('of a call is answered where it names an inbox, and otherwise dropped; others are answered meanwhile', async () => {
    const client = services.client('careful', { from: 'victim' });
    await client.connect();
    const topic = `${services.prefix}careful.calls`;
    const inbox = `${services.prefix}victim.inbox`;
    const poison = [
      `2 request c1 echo ${inbox} 0 nobody`,
      `1 request c2 echo ${inbox} 0 nobody soon`,
      `1 request c3 echo ${services.prefix}thing.happened 0 nobody soon`,
      '1 request',
      `1 parted-request 99999999999999999 c4 echo ${inbox} 0 nobody`,
      `1 part c5 1 99 1 1000`,
    ];
    await writeRecords(topic, { value: 'no header' });
    for (const parley of poison) await writeRecords(topic, { value: '{}', headers: { parley } });
    expect(await firstValueFrom(client.send('echo', 'still here'))).toBe('still here');
    const answers = await vi.waitFor(async () => {
      const found = await readTopic(inbox);
      const refusals = found.filter(({ value }) => value?.includes('the request cannot be read'));
      expect(refusals).toHaveLength(3);
      return refusals.map(({ value }) => value).join();
    });
    for (const call of ['c1', 'c2', 'c4']) expect(answers).toContain(call);
    expect(handled).toEqual(['fine']);
  });
});
