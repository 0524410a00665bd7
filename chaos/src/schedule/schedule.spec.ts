import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, type PlannedFault } from './fault.js';
import { schedule } from './schedule.js';

const SCENE = { servers: 3, callers: 2, brokers: 3 };
const SEEDS = Array.from({ length: 100 }, (_, index) => index * 7_919);

const endOf = ({ at, forMs }: PlannedFault) => at + forMs;

describe('schedule', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(schedule(42, 60, SCENE)).toEqual(schedule(42, 60, SCENE));
    expect(schedule(42, 60, SCENE)).not.toEqual(schedule(43, 60, SCENE));
  });

  it('has every kind of fault in a minute, whatever the seed', () => {
    for (const seed of SEEDS)
      expect(new Set(schedule(seed, 60, SCENE).map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
  });

  it('is over in time', () => {
    for (const seed of SEEDS)
      for (const fault of schedule(seed, 20, SCENE)) expect(endOf(fault)).toBeLessThanOrEqual(20_000);
  });

  it('harms no more than one broker at a time, and gives it time to catch up', () => {
    for (const seed of SEEDS) {
      const ofBrokers = schedule(seed, 60, SCENE).filter(({ kind }) =>
        /^(kill|silence|refuse) broker$/.test(kind),
      );
      for (const [index, fault] of ofBrokers.slice(1).entries())
        expect(fault.at).toBeGreaterThanOrEqual(endOf(ofBrokers[index]!) + 4_000);
    }
  });

  it('lets the first server and the first caller live, and ends nobody who is gone or stopped', () => {
    for (const seed of SEEDS) {
      const ofProcesses = schedule(seed, 60, SCENE).filter(({ kind }) => /server|caller/.test(kind));
      expect(ofProcesses.filter(({ kind, target }) => /^(kill|roll)/.test(kind) && target === 1)).toEqual([]);
      for (const fault of ofProcesses) {
        const place = ({ kind, target }: PlannedFault) => `${kind.split(' ')[1]} ${target}`;
        const others = ofProcesses.filter(other => other !== fault && place(other) === place(fault));
        expect(others.filter(({ at }) => at >= fault.at && at < endOf(fault))).toEqual([]);
      }
    }
  });

  it('is so many times quicker', () => {
    const quick = schedule(1, 12, { ...SCENE, pace: 5 });
    expect(quick.length).toBeGreaterThan(schedule(1, 12, SCENE).length * 2);
    for (const { forMs } of quick) expect(forMs).toBeLessThanOrEqual(12_000 / 5);
  });

  it('keeps to the kinds that there may be', () => {
    const kinds = ['move leaders', 'cut broker'] as const;
    const planned = schedule(1, 60, { ...SCENE, kinds });
    expect(planned.length).toBeGreaterThan(10);
    expect(planned.filter(({ kind }) => !kinds.some(one => one === kind))).toEqual([]);
  });
});
