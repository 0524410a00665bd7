import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PlannedFault } from './fault.js';
import { storm } from './storm.js';

const planned: PlannedFault[] = [
  { at: 20, kind: 'kill server', target: 2, forMs: 20 },
  { at: 0, kind: 'cut broker', target: 1, forMs: 0 },
];

describe('storm', () => {
  it('lets each fault happen in its time, and ends it', async () => {
    const seen: string[] = [];
    const faults = await storm(
      planned,
      {
        begin: async ({ kind }) => {
          seen.push(`begin ${kind}`);
          return () => void seen.push(`end ${kind}`);
        },
      },
      () => {},
    );
    expect(seen).toEqual(['begin cut broker', 'end cut broker', 'begin kill server', 'end kill server']);
    expect(faults.map(({ name }) => name)).toEqual(['kill server 2 for 0.0 s', 'cut broker 1']);
    const [killed] = faults;
    expect(killed!.until - killed!.from).toBeGreaterThanOrEqual(19);
  });

  it('lets a fault wait until the one before it is over in the same place', async () => {
    const seen: string[] = [];
    const ofBrokers: PlannedFault[] = [
      { at: 0, kind: 'kill broker', target: 1, forMs: 1 },
      { at: 5, kind: 'silence broker', target: 2, forMs: 1 },
    ];
    await storm(
      ofBrokers,
      {
        begin: async ({ kind }) => {
          seen.push(`begin ${kind}`);
          return async () => {
            await sleep(30); // A broker takes its time to start.
            seen.push(`end ${kind}`);
          };
        },
      },
      () => {},
    );
    expect(seen).toEqual([
      'begin kill broker',
      'end kill broker',
      'begin silence broker',
      'end silence broker',
    ]);
  });

  it('says which fault could not be done, once the others are over', async () => {
    const ended: string[] = [];
    const arena = {
      begin: async ({ kind }: PlannedFault) => {
        if (kind === 'cut broker') throw new Error('no such broker');
        return () => void ended.push(kind);
      },
    };
    await expect(storm(planned, arena as never, () => {})).rejects.toThrow(
      'The fault could not be done: cut broker 1',
    );
    expect(ended).toEqual(['kill server']);
  });

  it('is over at once when its signal aborts: nothing begins any more, and what lasts is not ended', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const arena = {
      begin: async ({ kind }: PlannedFault) => {
        seen.push(`begin ${kind}`);
        stop.abort(new Error('enough'));
        return () => void seen.push(`end ${kind}`);
      },
    };
    const long: PlannedFault[] = [
      { at: 0, kind: 'kill server', target: 2, forMs: 60_000 },
      { at: 60_000, kind: 'kill caller', target: 2, forMs: 0 },
    ];
    await expect(storm(long, arena as never, () => {}, stop.signal)).rejects.toThrow('enough');
    expect(seen).toEqual(['begin kill server']);
  });
});
