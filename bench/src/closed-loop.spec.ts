import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { body } from './body.js';
import { closedLoop } from './closed-loop.js';

const timing = { callers: 3, warmUpMs: 30, countedMs: 60 };
const read = async (): Promise<number> => performance.now();

function aTurn<T>(value: T): Promise<T> {
  return new Promise(resolve => setImmediate(resolve, value));
}

describe('closedLoop', () => {
  it('keeps so many calls open, no more, and counts only those answered in the counted time', async () => {
    const histogram = build();
    let open = 0;
    let most = 0;
    let calls = 0;
    const result = await closedLoop(
      async sent => {
        calls += 1;
        most = Math.max(most, ++open);
        await aTurn(undefined);
        open -= 1;
        return sent;
      },
      histogram,
      { ...timing, read },
    );
    expect(most).toBe(3);
    expect(open).toBe(0);
    expect(result.answered).toBeGreaterThan(0);
    expect(result.answered).toBeLessThan(calls);
    expect(histogram.totalCount).toBe(result.answered);
    expect(result.end - result.start).toBeGreaterThan(timing.countedMs / 2);
  });

  it('fails on an answer that is not what was sent', async () => {
    const loop = closedLoop(() => aTurn(body(77)), build(), { ...timing, read });
    await expect(loop).rejects.toThrow('A call was answered with {"id":100077');
  });

  it('fails with the first call that fails', async () => {
    const loop = closedLoop(() => Promise.reject(new Error('gone')), build(), { ...timing, read });
    await expect(loop).rejects.toThrow('gone');
  });

  it('fails when nothing was answered in the counted time', async () => {
    const late = (sent: unknown) => new Promise(resolve => setTimeout(resolve, 200, sent));
    await expect(closedLoop(late, build(), { ...timing, read })).rejects.toThrow('No call was answered');
  });
});
