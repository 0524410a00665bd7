import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PartitionLeader } from '../drivers/driver.js';
import { Departures } from './departures.js';
import type { Link } from './link.js';
import type { Parcel } from './parcel.js';
import { Placements } from './placements.js';
import { sendRecord } from './send-record.js';

describe('a record that is sent', () => {
  const spec = { topic: 't', partitions: 1, replication: -1 };
  const there: PartitionLeader[] = [{ partition: 0, leader: 1 }];
  let offered: string[];
  let lookUp: (fresh: boolean) => Promise<PartitionLeader[]>;
  let link: Link;

  beforeEach(() => {
    vi.useFakeTimers();
    offered = [];
    link = {
      isOpen: true,
      options: { provision: 'create' },
      departures: new Departures(),
      placements: new Placements(),
      driver: { partitions: (_topic: string, { fresh = false } = {}) => lookUp(fresh) },
      missing: { make: async () => undefined },
      sender: {
        turn: 0,
        offer: (parcel: Parcel) => {
          offered.push(parcel.seal().value!.toString());
          parcel.delivered(offered.length);
        },
      },
    } as unknown as Link;
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  const send = (value: string) =>
    sendRecord(link, spec, { key: Buffer.from('k'), value: Buffer.from(value), headers: {} }, 1000);

  it('leaves before a later one of its key that need not wait for their topic to be made', async () => {
    let made: (partitions: PartitionLeader[]) => void = () => undefined;
    lookUp = async fresh => (fresh ? new Promise(resolve => (made = resolve)) : []);
    const first = send('first');
    await vi.advanceTimersByTimeAsync(0);
    lookUp = async () => there;
    const second = send('second');
    await vi.advanceTimersByTimeAsync(0);
    expect(offered).toEqual([]);
    made(there);
    expect([await first, await second].map(({ offset }) => offset)).toEqual([1, 2]);
    expect(offered).toEqual(['first', 'second']);
  });

  it('fails within its time-out where nobody tells its partition, and is not sent afterwards', async () => {
    let tell: (partitions: PartitionLeader[]) => void = () => undefined;
    lookUp = () => new Promise(resolve => (tell = resolve));
    const failed = expect(send('x')).rejects.toMatchObject({
      status: 'DEADLINE_EXCEEDED',
      message: 'Kafka did not tell within 1000 ms where the record for t goes: it was not sent',
    });
    await vi.advanceTimersByTimeAsync(1000);
    await failed;
    tell(there);
    await vi.advanceTimersByTimeAsync(0);
    expect(offered).toEqual([]);
  });
});
