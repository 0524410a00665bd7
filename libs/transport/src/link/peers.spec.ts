import { fc, test } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeFrames, encodeFrame, type PulseFrame } from '../wire/frame.js';
import { EXECUTION_ID_BYTES, randomId } from '../wire/id.js';
import { MAX_PULSE_INTERVAL_MS, PULSES_MISSED, type SharedExecution } from './peer.js';
import { Peers } from './peers.js';

const INTERVAL_MS = 1000;

/** A client and a server that hear each other's pulses, while the wire is whole. */
function pair() {
  const wire = { whole: true, clientListens: true, lists: 0 };
  const side = (instance: string, listening: () => boolean) => {
    const peers: Peers = new Peers({
      instance,
      intervalMs: INTERVAL_MS,
      listening,
      now: () => Date.now(),
      post: (_to, pulse) => {
        if (pulse.executions) wire.lists += 1;
        // Heard after the turn, as over Kafka.
        if (wire.whole) setTimeout(() => other[instance]!().receive(transmitted(pulse)), 1);
      },
    });
    return peers;
  };
  const other: Record<string, () => Peers> = { c: () => server, s: () => client };
  const client = side('c', () => wire.clientListens);
  const server = side('s', () => true);
  const log: string[] = [];
  const shared = (name: string): SharedExecution => ({
    named: () => log.push(`${name} named`),
    confirmed: () => log.push(`${name} confirmed`),
    lost: why => log.push(`${name} lost: ${why}`),
  });
  const clientHolds = (execution: string) =>
    client.hold('client', { topic: 't', partition: 0, instance: 's' }, execution, shared('client'));
  const serverHolds = (execution: string) =>
    server.hold('server', { topic: 't', partition: 0, instance: 'c' }, execution, shared('server'));
  return { wire, client, server, log, clientHolds, serverHolds };
}

function transmitted(pulse: PulseFrame): PulseFrame {
  return decodeFrames(encodeFrame(pulse))[0] as PulseFrame;
}

const execution = () => randomId(EXECUTION_ID_BYTES);

describe('peers', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const pass = (intervals: number) => vi.advanceTimersByTimeAsync(intervals * INTERVAL_MS);

  it('are told at every address that came with an execution, while one of them lives', async () => {
    const told: string[] = [];
    const peers = new Peers({
      instance: 's',
      intervalMs: INTERVAL_MS,
      listening: () => true,
      now: () => Date.now(),
      post: ({ partition }, { count }) => told.push(`${count} at ${partition}`),
    });
    const [honest, forged] = [execution(), execution()];
    const lost = () => undefined;
    peers.hold('server', { topic: 't', partition: 0, instance: 'c' }, honest, { lost });
    peers.hold('server', { topic: 't', partition: 7, instance: 'c' }, forged, { lost });
    await pass(1);
    expect(told).toEqual(['2 at 0', '2 at 7']);
    peers.release('server', 'c', forged);
    await pass(1);
    expect(told.slice(2)).toEqual(['1 at 0']);
    peers.close();
  });

  it('are gone when they are silent, however rarely they said that they would pulse', async () => {
    const { server, serverHolds, log, wire } = pair();
    serverHolds(execution());
    wire.whole = false;
    server.receive({
      kind: 'pulse',
      role: 'client',
      instance: 'c',
      intervalMs: Number.MAX_SAFE_INTEGER,
      count: 5,
      digest: '0',
    });
    await pass((PULSES_MISSED * MAX_PULSE_INTERVAL_MS) / INTERVAL_MS + 2);
    expect(log).toContainEqual(expect.stringMatching(/lost/));
  });

  it('that hold the same confirm each other by a digest, and go on so', async () => {
    const { clientHolds, serverHolds, log, wire } = pair();
    for (const id of [execution(), execution(), execution()]) {
      clientHolds(id);
      serverHolds(id);
    }
    await pass(20);
    expect(log.filter(line => line === 'server confirmed')).toHaveLength(3);
    expect(log.filter(line => line.includes('lost'))).toEqual([]);
    expect(wire.lists).toBe(0);
  });

  it('that fall silent are gone after three intervals', async () => {
    const { clientHolds, serverHolds, log, wire, client } = pair();
    const id = execution();
    clientHolds(id);
    serverHolds(id);
    await pass(3);
    wire.whole = false;
    log.length = 0;
    await pass(PULSES_MISSED);
    expect(log).toEqual([]);
    await pass(2);
    expect(log.toSorted()).toEqual([
      'client lost: has not been heard of for three pulses',
      'server lost: has not been heard of for three pulses',
    ]);
    expect(client.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not judged by the silence while nothing was listened to', async () => {
    const { clientHolds, serverHolds, log, wire } = pair();
    const id = execution();
    clientHolds(id);
    serverHolds(id);
    wire.whole = false;
    wire.clientListens = false;
    await pass(20);
    wire.clientListens = true;
    wire.whole = true;
    await pass(2);
    expect(log.filter(line => line.startsWith('client lost'))).toEqual([]);
  });

  it('are not judged by a silence of this process’s own making', async () => {
    const { clientHolds, log } = pair();
    clientHolds(execution());
    await pass(1);
    vi.setSystemTime(Date.now() + 60_000);
    await pass(1);
    expect(log.filter(line => line.includes('lost'))).toEqual([]);
  });

  it('are not judged by a silence from before there was anything to pulse for', async () => {
    const { clientHolds, serverHolds, server, log } = pair();
    const [ended, kept] = [execution(), execution()];
    clientHolds(ended);
    serverHolds(ended);
    server.release('server', 'c', ended);
    await pass(3);
    clientHolds(kept);
    serverHolds(kept);
    await pass(12);
    expect(log.filter(line => line.includes('lost'))).toEqual([
      'client lost: has not been heard of for three pulses',
    ]);
  });

  it('list what they hold once they differ: what the other does not hold is lost, the rest goes on', async () => {
    const { clientHolds, serverHolds, log, server } = pair();
    const [kept, gone] = [execution(), execution()];
    for (const id of [kept, gone]) {
      clientHolds(id);
      serverHolds(id);
    }
    await pass(2);
    log.length = 0;
    server.release('server', 'c', gone);
    await pass(8);
    expect(log).toEqual(['client lost: does not hold the call any more']);
  });

  it('keep no timer and no entry once nothing is shared', () => {
    const { clientHolds, client } = pair();
    const id = execution();
    clientHolds(id);
    expect(vi.getTimerCount()).toBe(1);
    client.release('client', 's', id);
    expect(client.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  const step = fc.record({
    execution: fc.nat({ max: 5 }),
    change: fc.constantFrom('both hold', 'client releases', 'server releases', 'an interval passes' as const),
  });
  test.prop([fc.array(step, { maxLength: 25 })], { numRuns: 60 })(
    'whatever each comes to hold: what both hold is never lost, what one holds alone is',
    async steps => {
      vi.useFakeTimers();
      const { client, server } = pair();
      const ids = Array.from({ length: 6 }, execution);
      const clientHas = new Set<string>();
      const serverHas = new Set<string>();
      for (const { execution: index, change } of steps) {
        const id = ids[index]!;
        if (change === 'both hold') {
          clientHas.add(id);
          serverHas.add(id);
          const lost = (set: Set<string>) => ({ lost: () => set.delete(id) });
          client.hold('client', { topic: 't', partition: 0, instance: 's' }, id, lost(clientHas));
          server.hold('server', { topic: 't', partition: 0, instance: 'c' }, id, lost(serverHas));
        } else if (change === 'client releases') {
          clientHas.delete(id);
          client.release('client', 's', id);
        } else if (change === 'server releases') {
          serverHas.delete(id);
          server.release('server', 'c', id);
        } else {
          await pass(1);
        }
      }
      const shared = [...clientHas].filter(id => serverHas.has(id)).toSorted();
      await pass(12);
      expect([...clientHas].toSorted()).toEqual(shared);
      expect([...serverHas].toSorted()).toEqual(shared);
      client.close();
      server.close();
    },
  );
});
