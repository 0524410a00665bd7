import { describe, expect, it } from 'vitest';
import { DrainTime, LAST_STEP_MS } from './drain-time.js';

describe('the time to close', () => {
  it('passes only while something closes', async () => {
    let now = 0;
    const time = new DrainTime(1000, () => now);
    now = 5000;
    expect(time.leftMs).toBe(1000);
    await time.during(async () => {
      now += 400;
      expect(time.leftMs).toBe(600);
    });
    now += 5000;
    expect(time.leftMs).toBe(600);
  });

  it('is one for all that close at a time', async () => {
    let now = 0;
    const time = new DrainTime(1000, () => now);
    let serverClosed: () => void = () => undefined;
    const server = time.during(() => new Promise<void>(resolve => (serverClosed = resolve)));
    await time.during(async () => {
      now += 300;
    });
    now += 300;
    expect(time.leftMs).toBe(400);
    serverClosed();
    await server;
    now += 300;
    expect(time.leftMs).toBe(400);
  });

  it('leaves each step a last chance', async () => {
    let now = 0;
    const time = new DrainTime(100, () => now);
    await expect(
      time.during(() => {
        now += 200;
        return Promise.reject(new Error('as it is'));
      }),
    ).rejects.toThrow('as it is');
    expect(time.leftMs).toBe(0);
    expect(time.stepMs).toBe(LAST_STEP_MS);
  });
});
