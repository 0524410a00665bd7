import { EventEmitter, once } from 'node:events';
import { ApiKey, ErrorCode, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../../driver.js';
import { DRIVERS } from '../drivers.js';
import { join, noteRevoked, REBALANCED } from '../member.js';
import { record, send, Stage, values } from '../stage.js';

/** A member that is gone without a word is missed once its session of 6 s is over. */
const SESSION_OVER = { timeout: 9_000 };

describe.each(DRIVERS)('%s: rebalance, with faults', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.embedded(make, { brokers: 2, topics: [{ name: 'a', partitions: 2 }] });
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  const options = { group: 'g', topics: ['a'] };

  it('passes on what a killed member read once its session is over', { timeout: 15_000 }, async () => {
    const victim = await stage.driver({ clientId: 'victim' });
    const killed = await join(victim, options);
    await vi.waitFor(() => expect(killed.held.size).toBe(2), REBALANCED);
    const other = await join(driver, options);
    await vi.waitFor(() => expect(other.held.size).toBe(1), REBALANCED);
    stage.kafka.intercept(ApiKey.LeaveGroup, ({ clientId }) =>
      clientId === 'victim' ? fault.close : undefined,
    );
    await killed.subscription.close();
    await vi.waitFor(() => expect(other.held.size).toBe(2), SESSION_OVER);
  });

  it(
    'loses what it held when its session is missed, and no commit of it counts',
    { timeout: 25_000 },
    async () => {
      const away = await join(await stage.driver({ clientId: 'away' }), {
        ...options,
        onRevoked: async revoked => {
          away.revoked.push(...revoked);
          for (const { partition } of revoked) away.held.delete(partition);
          await away.subscription.commit(revoked.map(entry => ({ ...entry, offset: 1 })));
        },
      });
      await vi.waitFor(() => expect(away.held.size).toBe(2), REBALANCED);
      await send(driver, record('a', 0, 'a'), record('a', 0, 'b'), record('a', 0, 'c'));
      await vi.waitFor(() => expect(away.records).toHaveLength(3));
      const stale = away.held.get(0)!;
      const restore = stage.kafka.intercept(ApiKey.Heartbeat, ({ clientId }) =>
        clientId === 'away' ? fault.drop : undefined,
      );
      const others = await join(driver, options);
      await vi.waitFor(() => expect(others.held.size).toBe(2), { timeout: 12_000 });
      await others.subscription.commit([{ ...others.held.get(0)!, offset: 3 }]);
      const late = away.subscription.commit([{ ...stale, offset: 1 }]).catch(() => {});
      restore();
      await late;
      await vi.waitFor(() => expect(away.revoked).toContainEqual(stale), REBALANCED);
      await vi.waitFor(() => expect([away.held.size, others.held.size]).toEqual([1, 1]), REBALANCED);
      await Promise.all([away.subscription.close(), others.subscription.close()]);
      const last = await join(driver, options);
      await vi.waitFor(() => expect(last.held.get(0)?.committed?.offset).toBe(3), REBALANCED);
    },
  );

  it('lets neither heartbeats nor commits wait for a fetch', async () => {
    const patient = await stage.driver({ requestTimeoutMs: 30_000 });
    const member = await join(patient, options);
    await vi.waitFor(() => expect(member.held.size).toBe(2), REBALANCED);
    let heartbeats = 0;
    stage.kafka.intercept(ApiKey.Heartbeat, () => void heartbeats++);
    let hanging = 0;
    stage.kafka.intercept(ApiKey.Fetch, () => {
      hanging++;
      return fault.delay(3_000); // and what is behind it on its connection
    });
    await vi.waitFor(() => expect(hanging).toBeGreaterThan(0));
    const from = heartbeats;
    await vi.waitFor(() => expect(heartbeats - from).toBeGreaterThan(4), REBALANCED);
    const before = performance.now();
    await member.subscription.commit([{ ...member.held.get(0)!, offset: 0 }]);
    expect(performance.now() - before).toBeLessThan(200);
    expect(member.revoked).toEqual([]);
  });

  it('takes no late answer to a heartbeat for one to its new generation', async () => {
    const heartbeats = new EventEmitter();
    const first = await join(await stage.driver({ clientId: 'first' }), {
      ...options,
      onRevoked: async revoked => {
        noteRevoked(first, revoked);
        await once(heartbeats, 'of first'); // joins again while it is on its way
      },
    });
    await vi.waitFor(() => expect(first.held.size).toBe(2), REBALANCED);
    stage.kafka.intercept(ApiKey.Heartbeat, ({ clientId }) => {
      heartbeats.emit(`of ${clientId}`);
      return fault.delay(150);
    });
    for (let round = 1; round <= 3; round++) {
      const second = await join(driver, options);
      await vi.waitFor(() => expect([first.held.size, second.held.size]).toEqual([1, 1]), REBALANCED);
      await second.subscription.close();
      await vi.waitFor(() => expect(first.held.size).toBe(2), REBALANCED);
      expect(first.revoked).toHaveLength(round); // never more than what moved
    }
    await first.subscription.commit([{ ...first.held.get(0)!, offset: 0 }]);
  });

  it('reads a topic that the broker it asked did not know yet', async () => {
    const { UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
    stage.kafka.inject(
      { api: ApiKey.Metadata, topic: 'a', times: 1 },
      fault.error(UNKNOWN_TOPIC_OR_PARTITION),
    );
    const member = await join(driver, options);
    await vi.waitFor(() => expect(member.held.size).toBe(2), { timeout: 3_000 });
  });

  it('keeps its partitions when the coordinator moves', async () => {
    const member = await join(driver, options);
    await vi.waitFor(() => expect(member.held.size).toBe(2), REBALANCED);
    await send(driver, record('a', 0, 'a'), record('a', 1, 'b'));
    await vi.waitFor(() => expect(member.records).toHaveLength(2));
    await stage.kafka.stopBroker(stage.kafka.coordinatorOf('g'));
    await send(driver, record('a', 0, 'c'), record('a', 1, 'd'));
    await vi.waitFor(
      () => expect(values(member.records).toSorted()).toEqual(['a', 'b', 'c', 'd']),
      REBALANCED,
    );
    await member.subscription.commit([{ ...member.held.get(0)!, offset: 2 }]);
    expect(member.revoked).toEqual([]);
  });

  it('rejects to join a group that it may not join, and tells when the right is taken away', async () => {
    const remove = stage.kafka.intercept(ApiKey.JoinGroup, () => fault.error(30));
    await expect(join(driver, options)).rejects.toMatchObject({ kind: 'permanent' });
    remove();
    const crashed = vi.fn();
    driver.on('crashed', crashed);
    const member = await join(driver, options);
    await vi.waitFor(() => expect(member.held.size).toBe(2), REBALANCED);
    stage.kafka.intercept(ApiKey.Heartbeat, () => fault.error(30));
    await vi.waitFor(() => expect(crashed).toHaveBeenCalledOnce(), REBALANCED);
    expect(member.revoked).toHaveLength(2);
  });
});
