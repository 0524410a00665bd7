import { ApiKey, ErrorCode, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DRIVERS } from './drivers.js';
import { join, REBALANCED } from './member.js';
import { Stage } from './stage.js';

describe.each(DRIVERS)('%s: members of a group', (_, make) => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.any(make);
    // A cluster that never had a group makes the topic for them at the first question.
    const driver = await stage.driver();
    await vi.waitFor(() => driver.members(stage.name()), REBALANCED);
  });
  afterEach(() => stage.close());

  it('are none where nobody ever joined', async () => {
    const driver = await stage.driver();
    expect(await driver.members(stage.name())).toBe(0);
  });

  it('are those that joined and have not left', async () => {
    const topic = await stage.topic();
    const group = stage.name();
    const [asking, one, other] = await Promise.all([stage.driver(), stage.driver(), stage.driver()]);
    const members = () => asking.members(group);
    const first = await join(one, { group, topics: [topic] });
    await expect.poll(members, REBALANCED).toBe(1);
    const second = await join(other, { group, topics: [topic] });
    await expect.poll(members, REBALANCED).toBe(2);
    await second.subscription.close();
    await expect.poll(members, REBALANCED).toBe(1);
    await first.subscription.close();
    expect(await members()).toBe(0);
  });

  it('can be asked for by many at once', async () => {
    const driver = await stage.driver();
    const groups = Array.from({ length: 20 }, () => stage.name());
    expect(await Promise.all(groups.map(group => driver.members(group)))).toEqual(groups.map(() => 0));
  });
});

describe.each(DRIVERS)('%s: members of a group whose coordinator', (_, make) => {
  let stage: Stage;
  afterEach(() => stage.close());

  it('refuses to say are not taken for none', async () => {
    stage = await Stage.embedded(make);
    const driver = await stage.driver();
    stage.kafka.intercept(ApiKey.DescribeGroups, () => fault.error(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS));
    await expect(driver.members('group')).rejects.toMatchObject({ code: 'COORDINATOR_LOAD_IN_PROGRESS' });
  });

  it('does not answer are not taken for none', async () => {
    stage = await Stage.embedded(make);
    const driver = await stage.driver({ requestTimeoutMs: 300 });
    stage.kafka.intercept(ApiKey.DescribeGroups, () => fault.drop);
    await expect(driver.members('group')).rejects.toMatchObject({ kind: 'retriable' });
  });
});
