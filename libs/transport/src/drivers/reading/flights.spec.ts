import { describe, expect, it } from 'vitest';
import type { Cluster } from '../cluster/cluster.js';
import { Flights } from './flights.js';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only told apart
const clusters = [{ id: 1 }, { id: 2 }] as unknown as Cluster[];

describe('flights', () => {
  it('let one count at each leader', () => {
    const flights = new Flights(clusters);
    const first = flights.begin(1);
    expect(first?.cluster).toBe(clusters[0]);
    expect(flights.begin(1)).toBeUndefined();
    expect(flights.begin(2)?.cluster).toBe(clusters[0]);
    flights.end(first!);
    expect(flights.begin(1)?.cluster).toBe(clusters[0]);
  });

  it('let another one count over the next connection when one is given up, as long as there is one', () => {
    const flights = new Flights(clusters);
    const first = flights.begin(1)!;
    flights.giveUp(first);
    const second = flights.begin(1)!;
    expect(second.cluster).toBe(clusters[1]);
    expect([flights.counts(first), flights.counts(second)]).toEqual([false, true]);
    expect(flights.hasRoom(1)).toBe(false);
    flights.end(first); // the one that counts is the second
    expect(flights.at(1)).toBe(second);
    expect(flights.hasRoom(1)).toBe(true);
  });
});
