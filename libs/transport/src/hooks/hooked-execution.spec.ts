import { describe, expect, it, vi } from 'vitest';
import type { ParleyContext } from '../server/parley-context.js';
import { HookRun } from './hook-run.js';
import { SERVER_SIDE } from './hook-side.js';
import { HookedExecution } from './hooked-execution.js';
import { Hooks } from './hooks.js';
import type { IncomingMessage } from './parley-hook.js';

function stage(beforeHandle: () => void | Promise<void> = () => undefined) {
  const hook = { beforeHandle, afterHandle: vi.fn(), onError: vi.fn() };
  const hooks = new Hooks([hook]);
  const message: IncomingMessage = {
    side: 'server',
    kind: 'call',
    context: { replaceHeaders: () => undefined } as unknown as ParleyContext,
    pattern: 'users.find',
    key: undefined,
    data: undefined,
    headers: {},
  };
  const execution = new HookedExecution(hooks, new HookRun(SERVER_SIDE, hooks.server!, message, 60_000));
  return { hook, execution, settled: () => hooks.settled(60_000) };
}

describe('a run of a handler with hooks', () => {
  it('that is stopped tells why, once', async () => {
    const { hook, execution, settled } = stage();
    await execution.handle(() => Promise.resolve('answer'), 1);
    execution.item('a');
    execution.item('b');
    execution.stopped('unsubscribed');
    execution.failed(new Error('late'));
    execution.completed();
    await settled();
    const reply = { items: 2, last: 'b', stopped: 'unsubscribed' };
    expect(hook.afterHandle).toHaveBeenCalledExactlyOnceWith(expect.anything(), reply);
    expect(hook.onError).not.toHaveBeenCalled();
  });

  it('does not begin where its caller has left while a hook ran before it', async () => {
    let goOn: () => void = () => undefined;
    const { hook, execution, settled } = stage(() => new Promise<void>(resolve => (goOn = resolve)));
    const handler = vi.fn(() => Promise.resolve('answer'));
    const handling = execution.handle(handler, 1);
    execution.stopped('unsubscribed');
    goOn();
    await handling;
    await settled();
    expect(handler).not.toHaveBeenCalled();
    expect(hook.afterHandle).toHaveBeenCalledOnce();
  });
});
