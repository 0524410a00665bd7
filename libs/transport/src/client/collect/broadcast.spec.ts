import { describe, expect, it } from 'vitest';
import type { Driver } from '../../drivers/driver.js';
import type { Parcel } from '../../link/parcel.js';
import type { Sender } from '../../link/sender.js';
import type { Status } from '../../wire/status.js';
import { Broadcast } from './broadcast.js';

const full: Status = { code: 'UNAVAILABLE', message: 'the send queue is full' };
const gone: Status = { code: 'NOT_FOUND', message: 'no such partition' };

function start(partitions: number, refuse: (partition: number) => boolean = () => false) {
  const parcels: Parcel[] = [];
  const failures: Status[] = [];
  const offer = (parcel: Parcel) => {
    parcels.push(parcel);
    return refuse(parcel.partition) ? full : undefined;
  };
  const leaders = Array.from({ length: partitions }, (_, partition) => ({ partition, leader: 1 }));
  const broadcast = new Broadcast({
    driver: { partitions: async () => leaders } as unknown as Driver,
    sender: { offer } as unknown as Sender,
  });
  const record = { topic: 'i', key: null, value: Buffer.from('v'), headers: { parley: 'line' } };
  const send = () => broadcast.send(record, 1000, status => failures.push(status));
  return { broadcast, parcels, failures, send };
}

describe('Broadcast', () => {
  it('sends one record to each partition', async () => {
    const { parcels, failures, send } = start(3);
    expect(await send()).toBe(3);
    expect(parcels.map(({ topic, partition }) => `${topic}-${partition}`)).toEqual(['i-0', 'i-1', 'i-2']);
    expect(parcels[0]!.seal()).toMatchObject({ key: null, headers: { parley: 'line' } });
    expect(failures).toEqual([]);
  });

  it('has nowhere to go on a topic that does not exist', async () => {
    const { parcels, failures, send } = start(0);
    expect(await send()).toBe(0);
    expect([parcels, failures]).toEqual([[], []]);
  });

  it('has not failed while one record may arrive', async () => {
    const { parcels, failures, send } = start(3, partition => partition === 0);
    await send();
    parcels[1]!.failed(gone);
    expect(failures).toEqual([]);
    parcels[2]!.failed(gone);
    expect(failures).toEqual([gone]);
  });

  it('has failed where all were refused', async () => {
    const { failures, send } = start(2, () => true);
    await send();
    expect(failures).toEqual([full]);
  });

  it('takes back what has not left, and sends nothing after that', async () => {
    const { broadcast, parcels, send } = start(2);
    await send();
    broadcast.withdraw();
    expect(parcels.every(({ withdrawn }) => withdrawn)).toBe(true);
    await send();
    expect(parcels).toHaveLength(2);
  });
});
