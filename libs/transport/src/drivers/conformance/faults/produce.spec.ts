import { ApiKey, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DRIVERS } from '../drivers.js';
import { record, send, Stage } from '../stage.js';

describe.each(DRIVERS)('%s: produce, with faults', (_, make) => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.embedded(make, { brokers: 2, topics: [{ name: 'a', partitions: 3 }] });
  });
  afterEach(() => stage.close());

  it('sends exactly one request, whatever it holds', async () => {
    const driver = await stage.driver();
    await driver.partitions('a');
    let requests = 0;
    stage.kafka.intercept(ApiKey.Produce, () => void requests++);
    for (const partition of [0, 1, 2]) stage.kafka.moveLeader('a', partition, 1);
    await driver.produce(1, [record('a', 0, 'x'), record('a', 1, 'y'), record('a', 2, 'z')]);
    expect(requests).toBe(1);
  });

  it('tells of a partition that another broker leads as stale, and takes its neighbours', async () => {
    const driver = await stage.driver();
    stage.kafka.moveLeader('a', 0, 1);
    stage.kafka.moveLeader('a', 1, 2);
    const outcomes = sorted(await driver.produce(1, [record('a', 0, 'x'), record('a', 1, 'y')]));
    expect(outcomes).toMatchObject([
      { partition: 0, baseOffset: 0 },
      { partition: 1, baseOffset: -1, error: { kind: 'stale', code: 'NOT_LEADER_OR_FOLLOWER' } },
    ]);
  });

  it.each([
    [29, 'permanent'],
    [87, 'rejected'],
    [32, 'rejected'],
    [18, 'too-large'],
    [7, 'retriable'],
    [19, 'retriable'],
    [5, 'stale'],
  ] as const)('tells of error code %i as %s', async (code, kind) => {
    const driver = await stage.driver();
    stage.kafka.intercept(ApiKey.Produce, () => fault.error(code));
    const outcomes = await driver.produce(stage.kafka.leaderOf('a', 0), [record('a', 0, 'x')]);
    expect(outcomes).toMatchObject([{ error: { kind } }]);
  });

  it('rejects as retriable when the answer is lost, though the records may be there', async () => {
    const driver = await stage.driver();
    const leader = stage.kafka.leaderOf('a', 0);
    const stop = stage.kafka.intercept(ApiKey.Produce, () => fault.dropResponse);
    const lost = driver.produce(leader, [record('a', 0, 'x')], { timeoutMs: 100 });
    await expect(lost).rejects.toMatchObject({ name: 'DriverError', kind: 'retriable' });
    stop();
    expect(await driver.produce(leader, [record('a', 0, 'y')])).toMatchObject([{ baseOffset: 1 }]);
  });

  it('rejects as retriable when the connection breaks, and connects again for the next', async () => {
    const driver = await stage.driver();
    const leader = stage.kafka.leaderOf('a', 0);
    const stop = stage.kafka.intercept(ApiKey.Produce, () => fault.close);
    await expect(driver.produce(leader, [record('a', 0, 'x')])).rejects.toMatchObject({ kind: 'retriable' });
    stop();
    expect(await driver.produce(leader, [record('a', 0, 'y')])).toMatchObject([{ baseOffset: 0 }]);
  });

  it('rejects as retriable when the broker is down', async () => {
    const driver = await stage.driver();
    await send(driver, record('a', 0, 'x'));
    const leader = stage.kafka.leaderOf('a', 0);
    await stage.kafka.stopBroker(leader);
    await expect(driver.produce(leader, [record('a', 0, 'y')])).rejects.toMatchObject({ kind: 'retriable' });
  });

  it('is not held up by a broker that hangs when it sends to another', async () => {
    const driver = await stage.driver();
    stage.kafka.moveLeader('a', 0, 1);
    stage.kafka.moveLeader('a', 1, 2);
    await send(driver, record('a', 0, 'x'), record('a', 1, 'x'));
    stage.kafka.intercept(ApiKey.Produce, ({ nodeId }) => (nodeId === 1 ? fault.drop : undefined));
    const hung = driver.produce(1, [record('a', 0, 'y')], { timeoutMs: 1_000 });
    const settled = vi.fn();
    hung.catch(settled);
    expect(await driver.produce(2, [record('a', 1, 'z')])).toMatchObject([{ baseOffset: 1 }]);
    expect(settled).not.toHaveBeenCalled();
    await expect(hung).rejects.toMatchObject({ kind: 'retriable' });
  });

  it('leaves nothing to wait for where there is nothing to send', async () => {
    const driver = await stage.driver();
    expect(await driver.produce(1, [])).toEqual([]);
  });
});

function sorted<T extends { partition: number }>(outcomes: readonly T[]): T[] {
  return outcomes.toSorted((a, b) => a.partition - b.partition);
}
