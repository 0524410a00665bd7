import { ForbiddenException, Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { ParleyException } from '../exceptions/parley-exception.js';
import { HookRun } from './hook-run.js';
import { CLIENT_SIDE } from './hook-side.js';
import type { OutgoingMessage, ParleyHook } from './parley-hook.js';

const reply = { items: 1, last: 'answer' };
let message: OutgoingMessage;
let said: string[];

function run(hooks: ParleyHook[], withinMs = 5000): HookRun<OutgoingMessage> {
  return new HookRun(CLIENT_SIDE, hooks, message, withinMs);
}

function teller(name: string, more: ParleyHook = {}): ParleyHook {
  return {
    beforeSend: () => void said.push(`${name} before`),
    afterReply: (_message, { last }) => void said.push(`${name} after ${String(last)}`),
    onError: (_message, error) => void said.push(`${name} error ${(error as Error).message}`),
    ...more,
  };
}

describe('the hooks around a call', () => {
  let logged: MockInstance;

  beforeEach(() => {
    said = [];
    message = {
      side: 'client',
      kind: 'call',
      to: 'user',
      pattern: 'users.find',
      key: undefined,
      data: 1,
      headers: { given: 'yes' },
    };
    logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  });
  afterEach(() => logged.mockRestore());

  it('come before in order and after in reverse, promises awaited', async () => {
    const slow = teller('slow', {
      beforeSend: async () => {
        await Promise.resolve();
        said.push('slow before');
      },
    });
    const hooks = run([slow, teller('b')]);
    await hooks.before();
    await hooks.after(reply);
    expect(said).toEqual(['slow before', 'b before', 'b after answer', 'slow after answer']);
  });

  it('end once: what comes second is not told', async () => {
    const hooks = run([teller('a')]);
    await hooks.before();
    await Promise.all([hooks.failed(new Error('lost')), hooks.after(reply), hooks.failed(new Error('late'))]);
    expect(said).toEqual(['a before', 'a error lost']);
  });

  it('may replace the data and add headers', async () => {
    await run([
      { beforeSend: sent => void (sent.data = [sent.data]) },
      { beforeSend: sent => void (sent.headers['tenant'] = 'acme') },
    ]).before();
    expect(message).toMatchObject({ data: [1], headers: { given: 'yes', tenant: 'acme' } });
  });

  it.each([
    [new ParleyException('RESOURCE_EXHAUSTED', 'too many'), 'RESOURCE_EXHAUSTED'],
    [new ForbiddenException('not you'), 'PERMISSION_DENIED'],
  ])('veto with %s: later hooks are not asked, and those asked are told', async (veto, status) => {
    const vetoing = teller('b', {
      beforeSend: () => {
        throw veto;
      },
    });
    const hooks = run([teller('a'), vetoing, teller('c')]);
    const refused = await hooks.before().catch((error: unknown) => error as ParleyException);
    expect(refused).toMatchObject({ status, message: veto.message });
    await hooks.failed(refused);
    expect(said).toEqual(['a before', `b error ${veto.message}`, `a error ${veto.message}`]);
    expect(logged).not.toHaveBeenCalled();
  });

  it('that throw anything else before are logged, and leave what they were given', async () => {
    const broken: ParleyHook = {
      beforeSend: sent => {
        sent.data = 'half done';
        sent.headers['half'] = 'done';
        throw new TypeError('a bug');
      },
    };
    const hooks = run([broken, teller('b')]);
    await hooks.before();
    expect(message).toMatchObject({ data: 1, headers: { given: 'yes' } });
    expect(said).toEqual(['b before']);
    expect(logged).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(/options\.beforeSend failed at users\.find.*a bug/),
      expect.any(String),
    );
  });

  it.each([
    ['a name that is the protocol’s', { 'parley-x': 'y' }],
    ['a value that is no string', { tenant: 7 as never }],
  ])('that add a header of %s are logged, and it is left out', async (_what, headers) => {
    const hooks = run([{ beforeSend: sent => void Object.assign(sent.headers, headers) }]);
    await hooks.before();
    expect(message.headers).toEqual({ given: 'yes' });
    expect(logged).toHaveBeenCalledOnce();
  });

  it('are not asked any more where the call ends while one of them runs', async () => {
    let goOn: () => void = () => undefined;
    const slow = teller('slow', { beforeSend: () => new Promise<void>(resolve => (goOn = resolve)) });
    const hooks = run([slow, teller('b')]);
    const before = hooks.before();
    await hooks.failed(new Error('aborted'));
    goOn();
    await before;
    expect(said).toEqual(['slow error aborted']);
  });

  it('that throw after are logged, and the others are told', async () => {
    const broken = teller('b', { afterReply: () => Promise.reject(new Error('no audit')) });
    const hooks = run([teller('a'), broken]);
    await hooks.before();
    await hooks.after(reply);
    expect(said).toEqual(['a before', 'b before', 'a after answer']);
    expect(logged).toHaveBeenCalledOnce();
  });

  it('that do not end in the call’s time end it', async () => {
    const hooks = run([{ beforeSend: () => new Promise<void>(() => undefined) }], 20);
    await expect(hooks.before()).rejects.toMatchObject({
      status: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('beforeSend has not ended within the 20 ms of users.find') as string,
    });
  });

  it('that do not end after a call hold up no other for longer than its time', async () => {
    const hanging = teller('b', { afterReply: () => new Promise<void>(() => undefined) });
    const hooks = run([teller('a'), hanging], 20);
    await hooks.before();
    await hooks.after(reply);
    expect(said).toContain('a after answer');
    expect(logged).toHaveBeenCalledOnce();
  });
});
