import type { Notification } from '@parley-apps/contracts';
import { concat, of, Subject, throwError } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventStream, KEEP_ALIVE_MS, RECONNECT_MS } from './event-stream.js';

const notification: Notification = {
  id: 'n1',
  userId: 'ada',
  kind: 'welcome',
  text: 'Welcome',
  at: '2026-01-01T00:00:00.000Z',
};

function record(
  source: Parameters<typeof eventStream>[0],
  lifetime = 3_600_000,
): { heard: unknown[]; stop: () => void } {
  const heard: unknown[] = [];
  const subscription = eventStream(source, Date.now() + lifetime).subscribe({
    next: event => heard.push(event.comment ?? event),
    error: (error: Error) => heard.push(error.message),
    complete: () => heard.push('end'),
  });
  return { heard, stop: () => subscription.unsubscribe() };
}

describe('eventStream', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('gives each event the id of its notification, and ends with the source', () => {
    const { heard } = record(of(notification));
    expect(heard).toEqual([{ id: 'n1', data: notification, retry: RECONNECT_MS }, 'end']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps a silent stream alive until it is left', () => {
    const silent = new Subject<Notification>();
    const { heard, stop } = record(silent);
    vi.advanceTimersByTime(2 * KEEP_ALIVE_MS);
    expect(heard).toEqual(['keep-alive', 'keep-alive']);
    stop();
    expect(silent.observed).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('passes a failure on', () => {
    const { heard } = record(
      concat(
        of(notification),
        throwError(() => new Error('gone')),
      ),
    );
    expect(heard).toEqual([expect.objectContaining({ id: 'n1' }), 'gone']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when the token expires', () => {
    const { heard } = record(new Subject(), 1_000);
    vi.advanceTimersByTime(1_000);
    expect(heard).toEqual(['end']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
