import { describe, expect, it } from 'vitest';
import { WaitingCall } from './waiting-call.js';

describe('WaitingCall', () => {
  it('is content while there is no answer', () => {
    expect(() => new WaitingCall(new Promise(() => undefined)).assertWaiting()).not.toThrow();
  });

  it.each([
    ['an answer', () => Promise.resolve({ status: 200 }), '{"status":200}'],
    ['a failure', () => Promise.reject(new Error('refused')), 'refused'],
  ])('shows %s that came too early', async (_, answer, shown) => {
    const call = new WaitingCall<unknown>(answer());
    await Promise.allSettled([call.answer]);
    expect(() => call.assertWaiting()).toThrow(shown);
  });
});
