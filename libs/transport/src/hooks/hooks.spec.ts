import { describe, expect, it } from 'vitest';
import { Hooks } from './hooks.js';

describe('the hooks of an application', () => {
  it.each([
    ['beforeSend', 'client'],
    ['afterReply', 'client'],
    ['beforeHandle', 'server'],
    ['afterHandle', 'server'],
    ['onError', 'both'],
  ])('are asked where there is one with %s alone: %s', (method, side) => {
    const hook = { [method]: () => undefined };
    const { client, server } = new Hooks([hook]);
    expect(client).toEqual(side === 'server' ? undefined : [hook]);
    expect(server).toEqual(side === 'client' ? undefined : [hook]);
  });

  it('are settled once what follows calls that have ended is done, or the time is up', async () => {
    const hooks = new Hooks();
    await hooks.settled(60_000);
    let end: () => void = () => undefined;
    hooks.follow(new Promise(resolve => (end = resolve)));
    let settled = false;
    const settling = hooks.settled(60_000).then(() => (settled = true));
    await hooks.settled(1);
    expect(settled).toBe(false);
    end();
    await settling;
  });
});
