import { describe, expect, it, vi } from 'vitest';
import { HookedCall } from './hooked-call.js';
import { HookRun } from './hook-run.js';
import { CLIENT_SIDE } from './hook-side.js';
import { Hooks } from './hooks.js';
import type { OutgoingMessage } from './parley-hook.js';

/** A call whose hook before waits until `goOn`. */
function stage(signal?: AbortSignal) {
  let goOn: () => void = () => undefined;
  const hook = {
    beforeSend: () => new Promise<void>(resolve => (goOn = resolve)),
    afterReply: vi.fn(),
    onError: vi.fn(),
  };
  const hooks = new Hooks([hook]);
  const message: OutgoingMessage = {
    side: 'client',
    kind: 'call',
    to: 'user',
    pattern: 'users.find',
    key: undefined,
    data: 1,
    headers: {},
  };
  const taker = { next: vi.fn(), error: vi.fn(), complete: vi.fn() };
  const running = { take: vi.fn(), unsubscribe: vi.fn() };
  const begin = vi.fn((_message: OutgoingMessage, _spentMs: number) => running);
  const run = new HookRun(CLIENT_SIDE, hooks.client!, message, 60_000);
  const call = new HookedCall({ hooks, run, signal, begin }, taker).start();
  return { call, hook, taker, running, begin, goOn: () => goOn(), settled: () => hooks.settled(60_000) };
}

describe('a call with a hook that takes its time', () => {
  it('begins with the time that is left', async () => {
    const { begin, goOn } = stage();
    const from = performance.now();
    await vi.waitFor(() => expect(performance.now() - from).toBeGreaterThan(20));
    goOn();
    await vi.waitFor(() => expect(begin).toHaveBeenCalledOnce());
    expect(begin.mock.lastCall![1]).toBeGreaterThan(20);
  });

  it.each([
    ['before it is made', 0],
    ['while the hook runs', 1],
  ])('ends at once where it is aborted %s', async (_when, told) => {
    const controller = new AbortController();
    if (told === 0) controller.abort();
    const { begin, taker, hook, goOn, settled } = stage(controller.signal);
    controller.abort();
    expect(taker.error).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ status: 'CANCELLED' }));
    goOn();
    await settled();
    expect(begin).not.toHaveBeenCalled();
    expect(hook.onError).toHaveBeenCalledTimes(told);
  });

  it('is never made where its caller leaves meanwhile', async () => {
    const { call, begin, hook, goOn, settled } = stage();
    call.unsubscribe();
    goOn();
    await settled();
    expect(begin).not.toHaveBeenCalled();
    expect(hook.afterReply).toHaveBeenCalledExactlyOnceWith(expect.anything(), { items: 0, last: undefined });
  });
});
