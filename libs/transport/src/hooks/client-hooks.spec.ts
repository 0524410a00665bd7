import { expect, it, vi } from 'vitest';
import { ParleyRecord } from '../client/call-options.js';
import type { ClientSettings } from '../options/settings.js';
import { ClientHooks } from './client-hooks.js';
import { Hooks } from './hooks.js';

it('leaves a call what its hooks have not taken of its time', async () => {
  const from = performance.now();
  const slow = { beforeSend: () => vi.waitFor(() => expect(performance.now() - from).toBeGreaterThan(30)) };
  const settings = { to: 'user', timeoutMs: 5000 } as ClientSettings;
  const hooks = new ClientHooks(new Hooks([slow]), settings, () => 'users.find');
  const begin = vi.fn((_packet: { data: unknown }) => ({
    take: () => undefined,
    unsubscribe: () => undefined,
  }));
  const taker = { next: vi.fn(), error: vi.fn(), complete: vi.fn() };
  hooks.call({ pattern: 'users.find', data: 1 }, taker, begin);
  await vi.waitFor(() => expect(begin).toHaveBeenCalledOnce());
  const { data, options } = begin.mock.lastCall![0].data as ParleyRecord;
  expect(data).toBe(1);
  expect(options.timeoutMs).toBeLessThanOrEqual(4970);
});
