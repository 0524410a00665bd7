import { describe, expect, it } from 'vitest';
import { Pace } from './pace.js';

/** A clock that only waiting moves. */
function paced(perSecond: number | undefined) {
  let now = 1000;
  const pace = new Pace(
    perSecond,
    () => now,
    async ms => void (now += ms),
  );
  return { pace, at: () => now - 1000, pass: (ms: number) => (now += ms) };
}

describe('a pace', () => {
  it('gives turns evenly, the first at once', async () => {
    const { pace, at } = paced(4);
    const turns: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await pace.turn();
      turns.push(at());
    }
    expect(turns).toEqual([0, 250, 500, 750]);
  });

  it('does not make up for turns that were not taken', async () => {
    const { pace, at, pass } = paced(10);
    await pace.turn();
    pass(5000);
    await pace.turn();
    await pace.turn();
    expect(at()).toBe(5100);
  });

  it('of no number never waits', async () => {
    const { pace, at } = paced(undefined);
    for (let turn = 0; turn < 100; turn += 1) await pace.turn();
    expect(at()).toBe(0);
  });

  it('ends its wait with the signal', async () => {
    const pace = new Pace(0.001);
    await pace.turn();
    await expect(pace.turn(AbortSignal.abort())).rejects.toThrow(/abort/);
  });
});
