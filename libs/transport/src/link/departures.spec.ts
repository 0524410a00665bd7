import { describe, expect, it, vi } from 'vitest';
import { Departures } from './departures.js';

describe('departures', () => {
  it('are waited for, those that began before', async () => {
    const departures = new Departures();
    expect([departures.begin(), departures.begin()]).toEqual([true, true]);
    const closed = vi.fn();
    const closing = departures.close(10_000).then(closed);
    expect(departures.begin()).toBe(false);
    departures.end();
    await Promise.resolve();
    expect(closed).not.toHaveBeenCalled();
    departures.end();
    await closing;
    expect(closed).toHaveBeenCalled();
  });

  it('are not waited for where there are none, nor for ever', async () => {
    await new Departures().close(10_000);
    const departures = new Departures();
    departures.begin();
    await departures.close(1);
  });
});
