import { describe, expect, it } from 'vitest';
import { Turnstile } from './turnstile.js';

const turn = () => new Promise<void>(resolve => void setImmediate(resolve));

describe('Turnstile', () => {
  it('lets so many in at once, and others in order as room comes', async () => {
    const turnstile = new Turnstile(2);
    expect([turnstile.enter(), turnstile.enter()]).toEqual([undefined, undefined]);
    const order: string[] = [];
    for (const name of ['c', 'd']) void turnstile.enter()?.then(() => order.push(name));
    await turn();
    expect(order).toEqual([]);
    turnstile.leave();
    await turn();
    expect(order).toEqual(['c']);
    turnstile.leave();
    turnstile.leave();
    await turn();
    expect(order).toEqual(['c', 'd']);
    turnstile.leave();
    expect([turnstile.enter(), turnstile.enter()]).toEqual([undefined, undefined]);
    expect(turnstile.enter()).toBeInstanceOf(Promise);
  });
});
