import { describe, expect, it, vi } from 'vitest';
import type { OutgoingRecord } from '../drivers/driver.js';
import type { Parcel } from '../link/parcel.js';
import type { Status } from '../wire/status.js';
import { NestReply } from './nest-reply.js';

class FakeSender {
  readonly parcels: Parcel[] = [];
  refusal: Status | undefined;

  offer(parcel: Parcel): Status | undefined {
    if (this.refusal) return this.refusal;
    this.parcels.push(parcel);
    return undefined;
  }

  get records(): OutgoingRecord[] {
    return this.parcels.map(parcel => parcel.seal());
  }

  /** Has the broker acknowledge all that is on its way. */
  acknowledge(): void {
    for (const parcel of this.parcels.splice(0)) parcel.delivered(0);
  }
}

function stage() {
  const sender = new FakeSender();
  const events = { onStreaming: vi.fn(), onBroken: vi.fn(), onSettled: vi.fn() };
  const to = { correlationId: 'id', topic: 'price.reply', partition: 3 };
  return { sender, events, reply: new NestReply({ to, sender, ...events }) };
}

const turn = () => new Promise<void>(resolve => setImmediate(resolve));
const shown = ({ value, headers }: OutgoingRecord) => [
  value?.toString() ?? null,
  'kafka_nest-is-disposed' in headers ? 'last' : '',
];

describe('a reply to a caller of the built-in’s', () => {
  it('is one record where its end is known by then, to the partition and with the id that it was asked with', async () => {
    const { sender, events, reply } = stage();
    reply.push({ a: 1 });
    reply.complete();
    await turn();
    expect(sender.records).toMatchObject([
      { topic: 'price.reply', partition: 3, headers: { kafka_correlationId: 'id' } },
    ]);
    expect(sender.records.map(shown)).toEqual([['{"a":1}', 'last']]);
    expect(events.onSettled).not.toHaveBeenCalled();
    sender.acknowledge();
    expect(events.onSettled).toHaveBeenCalledOnce();
    expect(events.onStreaming).not.toHaveBeenCalled();
  });

  it('is a stream once an item is acknowledged and there may be more, and ends without a value', async () => {
    const { sender, events, reply } = stage();
    reply.push('a');
    await turn();
    sender.acknowledge();
    expect(events.onStreaming).toHaveBeenCalledOnce();
    reply.complete();
    await turn();
    expect(sender.records.map(shown)).toEqual([[null, 'last']]);
  });

  it('has no room while a thousand records are on their way', async () => {
    const { sender, reply } = stage();
    while (reply.hasRoom()) reply.push('x');
    await turn();
    expect(sender.parcels).toHaveLength(1000);
    const room = reply.room();
    sender.acknowledge();
    await room;
    expect(reply.hasRoom()).toBe(true);
  });

  it('ends with an error where a handler emits more than may wait, and the handler is stopped', async () => {
    const { events, reply } = stage();
    let pushed = 0;
    while (reply.push('x')) pushed += 1;
    expect(pushed).toBeGreaterThan(100_000);
    expect(reply.ended).toBe(true);
    expect(events.onBroken).toHaveBeenCalledOnce();
  });

  it('ends with an error where Kafka does not take a value, and with nothing where it takes none', async () => {
    const { sender, events, reply } = stage();
    reply.push('too large');
    await turn();
    sender.parcels.splice(0)[0]!.failed({ code: 'INVALID_ARGUMENT', message: 'too large' });
    await turn();
    expect(sender.records[0]!.headers).toMatchObject({
      'kafka_nest-err': Buffer.from('{"status":"INVALID_ARGUMENT","message":"too large"}'),
    });
    sender.parcels.splice(0)[0]!.failed({ code: 'UNAVAILABLE', message: 'away' });
    expect(events.onSettled).toHaveBeenCalledOnce();
    expect(reply.push('more')).toBe(false);
  });

  it('settles where the sender refuses it', async () => {
    const { sender, events, reply } = stage();
    sender.refusal = { code: 'UNAVAILABLE', message: 'full' };
    reply.push('x');
    reply.complete();
    await turn();
    expect(events.onSettled).toHaveBeenCalledOnce();
  });
});
