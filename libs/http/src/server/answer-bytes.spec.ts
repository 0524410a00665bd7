import { describe, expect, it, vi } from 'vitest';
import { AnswerBytes } from './answer-bytes.js';

const KIBIBYTE = 1024;

describe('the bytes of an answer', () => {
  it('hold up their writer while too many wait, and go on when they are taken', async () => {
    const answer = new AnswerBytes(() => undefined);
    const written = vi.fn();
    answer.add(Buffer.alloc(64 * KIBIBYTE));
    answer.wrote(written);
    expect(written).not.toHaveBeenCalled();
    await answer.next();
    expect(written).toHaveBeenCalledOnce();
  });

  it('leave in items of bounded size, in order', async () => {
    const answer = new AnswerBytes(() => undefined);
    const whole = Buffer.alloc(600 * KIBIBYTE, 'abc');
    answer.add(whole);
    answer.end('whole');
    const items: Buffer[] = [];
    for await (const item of answer) items.push(item);
    expect(items.map(({ length }) => length / KIBIBYTE)).toEqual([256, 256, 88]);
    expect(Buffer.concat(items).equals(whole)).toBe(true);
  });

  it('are waited for, and fail whoever waits when they are cut off', async () => {
    const answer = new AnswerBytes(() => undefined);
    const first = answer.next();
    answer.add(Buffer.from('a'));
    answer.wrote(() => undefined);
    expect(await first).toEqual({ done: false, value: Buffer.from('a') });
    const second = answer.next();
    answer.end(new Error('cut'));
    await expect(second).rejects.toThrow('cut');
  });

  it('tell when nobody wants them', async () => {
    const left = vi.fn();
    await new AnswerBytes(left).return();
    expect(left).toHaveBeenCalledOnce();
  });
});
