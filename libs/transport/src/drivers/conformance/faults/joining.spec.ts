import { ApiKey, type Fault, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DRIVERS } from '../drivers.js';
import { join, type Member } from '../member.js';
import { Stage } from '../stage.js';

const OPTIONS = { group: 'g', topics: ['a'] };

const JOINED = { timeout: 5_000 };

/** The first join is refused with a member id, which the second one is made with. */
const REQUESTS: [name: string, api: number, nth: number][] = [
  ['first join', ApiKey.JoinGroup, 1],
  ['second join', ApiKey.JoinGroup, 2],
  ['sync', ApiKey.SyncGroup, 1],
];

/** Without the first: who was named and never heard of it holds the group up until its session of 6 s is over. */
const ANSWERS = REQUESTS.slice(1);

describe.each(DRIVERS)('%s: joining, with faults', (_, make) => {
  let stage: Stage;
  let resident: Member;
  beforeEach(async () => {
    stage = await Stage.embedded(make, { brokers: 2, topics: [{ name: 'a', partitions: 2 }] });
    resident = await join(await stage.driver(), OPTIONS);
    await vi.waitFor(() => expect(resident.held.size).toBe(2), JOINED);
  });
  afterEach(() => stage.close());

  /** Lets it befall the newcomer's nth request of that kind, and no other; tells whether it has. */
  function befall(api: number, nth: number, what: () => Fault): () => boolean {
    let left = nth;
    stage.kafka.intercept(api, ({ clientId }) =>
      clientId === 'newcomer' && --left === 0 ? what() : undefined,
    );
    return () => left <= 0;
  }

  async function newcomerJoins(): Promise<void> {
    const newcomer = await join(await stage.driver({ clientId: 'newcomer' }), OPTIONS);
    await vi.waitFor(() => expect([resident.held.size, newcomer.held.size]).toEqual([1, 1]), JOINED);
  }

  it.each(ANSWERS)('comes to an end though the answer to its %s is lost', async (_name, api, nth) => {
    const happened = befall(api, nth, () => fault.closeAfter);
    await newcomerJoins();
    expect(happened()).toBe(true);
  });

  it.each(REQUESTS)(
    'comes to an end though the coordinator stops in the midst of its %s',
    async (_name, api, nth) => {
      const stopped: Promise<void>[] = [];
      befall(api, nth, () => {
        stopped.push(stage.kafka.stopBroker(stage.kafka.coordinatorOf('g')));
        return fault.dropResponse;
      });
      await newcomerJoins();
      expect(stopped).toHaveLength(1);
      await Promise.all(stopped);
    },
  );
});
