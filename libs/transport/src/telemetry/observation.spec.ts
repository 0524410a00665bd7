import type { Span, Histogram } from '@opentelemetry/api';
import { describe, expect, it, vi } from 'vitest';
import { ParleyException } from '../exceptions/parley-exception.js';
import { Observation } from './observation.js';

function stage() {
  const span = { setAttribute: vi.fn(), setStatus: vi.fn(), recordException: vi.fn(), end: vi.fn() };
  const record = vi.fn();
  const duration: Pick<Histogram, 'record'> = { record };
  const observation = new Observation(span as unknown as Span, duration, { of: 'it' });
  return { span, record, observation };
}

describe('an observation', () => {
  it('ends once, in seconds', async () => {
    const begun = performance.now();
    const { span, record, observation } = stage();
    const from = performance.now();
    await vi.waitFor(() => expect(performance.now() - from).toBeGreaterThan(20));
    observation.items = 3;
    observation.ended('unsubscribed');
    observation.failed(new Error('late'));
    observation.ended();
    expect(span.setAttribute.mock.calls).toEqual([
      ['parley.stopped', 'unsubscribed'],
      ['parley.reply.items', 3],
    ]);
    expect(span.end).toHaveBeenCalledOnce();
    expect(record).toHaveBeenCalledExactlyOnceWith(expect.any(Number), { of: 'it' });
    const [seconds] = record.mock.lastCall as [number];
    expect(seconds).toBeGreaterThan(0.02);
    expect(seconds).toBeLessThanOrEqual((performance.now() - begun) / 1000);
  });

  it.each([
    [new ParleyException('NOT_FOUND', 'nobody'), 'NOT_FOUND', 0],
    [new TypeError('a bug'), 'INTERNAL', 1],
  ])(
    'that fails with %s tells its status, and the stack of what nobody expected',
    (error, status, exceptions) => {
      const { span, record, observation } = stage();
      observation.failed(error);
      observation.ended();
      expect(span.setAttribute).toHaveBeenCalledWith('error.type', status);
      expect(span.recordException).toHaveBeenCalledTimes(exceptions);
      expect(span.end).toHaveBeenCalledOnce();
      expect(record).toHaveBeenCalledExactlyOnceWith(expect.any(Number), { of: 'it', 'error.type': status });
    },
  );
});
