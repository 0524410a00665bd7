import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { signalOf } from './request-signal.js';

describe('the signal of a request', () => {
  it('is aborted when the response closes before it was sent', async () => {
    const response = new PassThrough();
    const signal = signalOf({ raw: response } as unknown as PassThrough);
    expect(signal.aborted).toBe(false);
    response.destroy();
    await vi.waitFor(() => expect(signal.aborted).toBe(true));
    expect(signalOf(response).aborted).toBe(true);
  });

  it('is not aborted by a response that was sent', async () => {
    const response = new PassThrough();
    const signal = signalOf(response);
    response.resume().end('whole');
    await vi.waitFor(() => expect(response.closed).toBe(true));
    expect(signal.aborted).toBe(false);
    expect(signalOf(response).aborted).toBe(false);
  });
});
