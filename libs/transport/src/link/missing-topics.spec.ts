import { describe, expect, it, vi } from 'vitest';
import type { TopicSpec } from '../drivers/driver.js';
import { MissingTopics } from './missing-topics.js';

const orders: TopicSpec = { topic: 'orders', partitions: 3, replication: -1 };
const payments: TopicSpec = { ...orders, topic: 'payments' };

describe('missing topics', () => {
  it('are made once, however many need one at a time', async () => {
    const ensure = vi.fn(() => Promise.resolve());
    const missing = new MissingTopics(ensure);
    await Promise.all(Array.from({ length: 1000 }, () => missing.make(orders)));
    expect(ensure).toHaveBeenCalledExactlyOnceWith(orders);
  });

  it('are made side by side', async () => {
    const ensure = vi.fn(() => Promise.resolve());
    const missing = new MissingTopics(ensure);
    await Promise.all([missing.make(orders), missing.make(payments)]);
    expect(ensure.mock.calls).toEqual([[orders], [payments]]);
  });

  it('fail all that wait for one, and are tried anew for whoever needs it later', async () => {
    const ensure = vi.fn(() => Promise.reject(new Error('not allowed')));
    const missing = new MissingTopics(ensure);
    const both = await Promise.allSettled([missing.make(orders), missing.make(orders)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    ensure.mockResolvedValueOnce(undefined as never);
    await missing.make(orders);
    expect(ensure).toHaveBeenCalledTimes(2);
  });
});
