import { describe, expect, it } from 'vitest';
import type { OutgoingCall } from './outgoing-call.js';
import type { ReplyTaker } from './outgoing-call-options.js';
import { ReplyIterator } from './reply-iterator.js';

function start() {
  const log: unknown[] = [];
  let taker!: ReplyTaker<string>;
  const call = {
    take: (bytes: number) => log.push(`took ${bytes}`),
    unsubscribe: () => log.push('unsubscribed'),
  } as unknown as OutgoingCall<string>;
  const replies = new ReplyIterator<string>(given => {
    taker = given;
    return call;
  });
  return { replies, taker, log };
}

describe('a reply that is pulled', () => {
  it('gives what waits and then what comes, and says what was taken', async () => {
    const { replies, taker, log } = start();
    taker.next('a', 1);
    taker.next('b', 2);
    expect(log).toEqual([]);
    expect(await replies.next()).toEqual({ done: false, value: 'a' });
    expect(log).toEqual(['took 1']);
    await replies.next();
    const third = replies.next();
    taker.next('c', 3);
    expect(await third).toEqual({ done: false, value: 'c' });
    expect(log).toEqual(['took 1', 'took 2', 'took 3']);
  });

  it('ends after what waits', async () => {
    const { replies, taker } = start();
    taker.next('a', 1);
    taker.complete();
    expect(await replies.next()).toEqual({ done: false, value: 'a' });
    expect(await replies.next()).toEqual({ done: true, value: undefined });
  });

  it('throws its error once, after what waits', async () => {
    const { replies, taker } = start();
    const waiting = replies.next();
    taker.next('a', 1);
    await waiting;
    const failing = replies.next();
    taker.error(new Error('lost'));
    await expect(failing).rejects.toThrow('lost');
    expect(await replies.next()).toEqual({ done: true, value: undefined });
  });

  it('ends the call when the loop is left', async () => {
    const { replies, taker, log } = start();
    taker.next('a', 1);
    taker.next('b', 1);
    for await (const item of replies) {
      expect(item).toBe('a');
      break;
    }
    expect(log).toEqual(['took 1', 'unsubscribed']);
    expect(await replies.next()).toEqual({ done: true, value: undefined });
  });
});
