import { Kafka, logLevel } from 'kafkajs';
import { lastValueFrom } from 'rxjs';
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { Child } from './setup/child.js';
import { Load } from './setup/load.js';
import { Probes } from './setup/probes.js';
import { Services } from './setup/services.js';

const CALLERS = 16;
const WARM_AFTER = 500;
const PROBES = ['live', 'ready', 'startup'];

interface Spent {
  /** What the process computed between a request and its answer, for that and for the load, of each request. */
  spentMs: number[];
  /** That the process opened. */
  connections: number;
}

describe('a thousand probes under load', () => {
  const services = new Services();
  let child: Child | undefined;
  afterEach(async () => {
    child?.kill();
    await services.stop();
  });

  it(
    'make no connection and no group member, and are answered within 5 ms',
    { timeout: 60_000 },
    async () => {
      child = new Child('probed-service.mjs', services.options('probed'));
      const probes = new Probes(await child.next<string>());
      const client = services.client('probed');
      const load = new Load(() => lastValueFrom(client.send('greet', 'ada')), CALLERS);
      await vi.waitFor(() => expect(load.answers.length).toBeGreaterThan(WARM_AFTER), { timeout: 20_000 });
      await ask(probes, 100);
      await asked(child);
      const before = await members(services.prefix);
      const { length: callsBefore } = load.answers;

      await ask(probes, 1000);
      const { spentMs, connections } = await asked(child);
      const { length: calls } = await load.end();
      expect(spentMs).toHaveLength(1000);
      // By the clock of what it computed: the machine may have more to do than this.
      expect(p99(spentMs)).toBeLessThan(5);
      expect(calls - callsBefore).toBeGreaterThan(1000);
      expect(connections).toBe(0);
      expect(before).toHaveLength(1);
      expect(await members(services.prefix)).toEqual(before);
    },
  );
});

async function ask(probes: Probes, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) expect(await probes.status(PROBES[n % PROBES.length]!)).toBe(200);
}

/** Since it was last asked. */
function asked(child: Child): Promise<Spent> {
  const answer = child.next<Spent>();
  child.tell({});
  return answer;
}

/** Who is in which group of these services. */
async function members(prefix: string): Promise<string[]> {
  const admin = new Kafka({ brokers: inject('brokers').split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.listGroups();
    const ids = groups.map(({ groupId }) => groupId).filter(id => id.startsWith(prefix));
    const described = await admin.describeGroups(ids);
    return described.groups.flatMap(({ groupId, members: all }) =>
      all.map(({ memberId }) => `${groupId} ${memberId}`),
    );
  } finally {
    await admin.disconnect();
  }
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1]!;
}
