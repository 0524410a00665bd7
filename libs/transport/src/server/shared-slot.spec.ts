import { describe, expect, it } from 'vitest';
import type { Park } from '../consume/lanes.js';
import { SharedSlot } from './shared-slot.js';

function promised() {
  let resolve!: () => void;
  const promise = new Promise<void>(fulfil => (resolve = fulfil));
  return { promise, resolve };
}

const turn = () => new Promise<void>(resolve => void setImmediate(resolve));

describe('a slot that handlers share', () => {
  const log: string[] = [];
  const park: Park = async awaited => {
    log.push('given away');
    const result = await awaited;
    log.push('taken back');
    return result;
  };

  it('is given away while all of them wait, and no longer', async () => {
    log.length = 0;
    const slot = new SharedSlot(park, 2);
    const [a, b] = [promised(), promised()];
    const first = slot.waitFor(a.promise).then(() => log.push('a goes on'));
    await turn();
    expect(log).toEqual([]);
    const second = slot.waitFor(b.promise).then(() => log.push('b goes on'));
    expect(log).toEqual(['given away']);
    a.resolve();
    await first;
    expect(log).toEqual(['given away', 'taken back', 'a goes on']);
    b.resolve();
    await second;
    expect(log).toHaveLength(4);
  });

  it('is given away when the last that does not wait has ended, and kept when all have', async () => {
    log.length = 0;
    const slot = new SharedSlot(park, 2);
    const a = promised();
    const first = slot.waitFor(a.promise);
    slot.ended();
    expect(log).toEqual(['given away']);
    a.resolve();
    await first;
    slot.ended();
    expect(log).toEqual(['given away', 'taken back']);
  });

  it('is taken back where the wait fails', async () => {
    log.length = 0;
    const slot = new SharedSlot(park, 1);
    await expect(slot.waitFor(Promise.reject(new Error('stopping')))).rejects.toThrow('stopping');
    expect(log).toEqual(['given away', 'taken back']);
  });
});
