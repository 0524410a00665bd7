import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../../driver.js';
import { DRIVERS } from '../drivers.js';
import { join, REBALANCED } from '../member.js';
import { Outbox } from '../outbox.js';
import { record, Stage } from '../stage.js';

const nothing = { onBatch() {}, onGap() {} };

describe.each(DRIVERS)('%s: missing rights', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.embedded(make, { topics: ['a', 'b'] });
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  const onTopic = (right: string) => ({
    name: 'DriverError',
    kind: 'permanent',
    code: 'TOPIC_AUTHORIZATION_FAILED',
    message: expect.stringContaining(`this client needs the right ${right} on the topic`) as string,
  });
  const onGroup = (right: string) => ({
    name: 'DriverError',
    kind: 'permanent',
    code: 'GROUP_AUTHORIZATION_FAILED',
    message: expect.stringContaining(`this client needs the right ${right} on the group`) as string,
  });

  it('to write a topic fail its records for good, by name, and none of its neighbours', async () => {
    stage.kafka.deny({ operation: 'Write', resource: { topic: 'a' } });
    const outcomes = await driver.produce(1, [record('a', 0, 'x'), record('b', 0, 'y')]);
    expect(outcomes.find(({ topic }) => topic === 'a')).toMatchObject({ error: onTopic('Write') });
    expect(outcomes.find(({ topic }) => topic === 'a')?.error?.message).toContain('Producing to a[0]');
    expect(outcomes.find(({ topic }) => topic === 'b')).toMatchObject({ baseOffset: 0 });
  });

  it('to write a topic are told by the sender at once, as PERMISSION_DENIED', async () => {
    const giveBack = stage.kafka.deny({ operation: 'Write', resource: { topic: 'a' } });
    const outbox = new Outbox(driver);
    outbox.send(record('a', 0, 'x'), record('b', 0, 'y'));
    await outbox.settled(1_000);
    expect(outbox.failed.get('x')).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(outbox.acknowledged.get('y')).toBe(0);
    giveBack();
    outbox.send(record('a', 0, 'z'));
    await outbox.settled(1_000);
    expect(outbox.acknowledged.get('z')).toBe(0);
    await outbox.close();
  });

  it('to describe a topic keep it from being looked up and tailed', async () => {
    stage.kafka.deny({ operation: 'Describe', resource: { topic: 'a' } });
    await expect(driver.partitions('a')).rejects.toMatchObject(onTopic('Describe'));
    await expect(driver.partitions('a')).rejects.toThrow('Looking up the topic a');
    await expect(driver.tail({ ...nothing, topic: 'a', partitions: [0], from: 'end' })).rejects.toMatchObject(
      onTopic('Describe'),
    );
    expect(await driver.partitions('b')).toHaveLength(1);
  });

  it('to create a topic are told by its name', async () => {
    stage.kafka.deny({ operation: 'Create' });
    const creating = driver.ensureTopics([{ topic: 'c', partitions: 1, replication: 1 }], 'create');
    await expect(creating).rejects.toMatchObject(onTopic('Create'));
    await expect(creating).rejects.toThrow('Creating the topic c');
  });

  it('to grow a topic are told by its name', async () => {
    stage.kafka.deny({ operation: 'Alter' });
    const growing = driver.ensureTopics([{ topic: 'a', partitions: 3, replication: 1 }], 'create');
    await expect(growing).rejects.toMatchObject(onTopic('Alter'));
    await expect(growing).rejects.toThrow('Growing the topic a');
  });

  it('to read a group keep a member out, by the name of the group', async () => {
    stage.kafka.deny({ operation: 'Read', resource: { group: 'g' } });
    const joining = join(driver, { group: 'g', topics: ['a'] });
    await expect(joining).rejects.toMatchObject(onGroup('Read'));
    await expect(joining).rejects.toThrow('Joining the group g');
  });

  it('to describe a group keep a member out, by the name of the group', async () => {
    stage.kafka.deny({ operation: 'Describe', resource: { group: 'g' } });
    const joining = join(driver, { group: 'g', topics: ['a'] });
    await expect(joining).rejects.toMatchObject(onGroup('Describe'));
    await expect(joining).rejects.toThrow('Looking for the coordinator of the group g');
  });

  it('to read a group, once taken away, end its member and say so', async () => {
    const crashed = vi.fn();
    driver.on('crashed', crashed);
    const member = await join(driver, { group: 'g', topics: ['a'] });
    await vi.waitFor(() => expect(member.held.size).toBe(1), REBALANCED);
    stage.kafka.deny({ operation: 'Read', resource: { group: 'g' } });
    await vi.waitFor(() => expect(crashed).toHaveBeenCalledOnce(), REBALANCED);
    expect(crashed.mock.calls[0]?.[0]).toMatchObject({ error: onGroup('Read') });
    expect(member.held.size).toBe(0);
  });

  it('to read a topic refuse its commits, by name', async () => {
    const member = await join(driver, { group: 'g', topics: ['a'] });
    await vi.waitFor(() => expect(member.held.size).toBe(1), REBALANCED);
    stage.kafka.deny({ operation: 'Read', resource: { topic: 'a' } });
    const committing = member.subscription.commit([{ ...member.held.get(0)!, offset: 0 }]);
    await expect(committing).rejects.toMatchObject(onTopic('Read'));
    await expect(committing).rejects.toThrow('a[0]');
  });

  it('to read a topic are told by those that read it, who go on once they are given', async () => {
    const giveBack = stage.kafka.deny({ operation: 'Read', resource: { topic: 'a' } });
    const seen = vi.fn();
    const tail = await driver.tail({ ...nothing, onBatch: seen, topic: 'a', partitions: [0], from: 0 });
    await vi.waitFor(
      () =>
        expect(stage.errors.map(({ error }) => error.message).join()).toContain(
          'this client needs the right Read on the topic',
        ),
      5_000,
    );
    expect(stage.errors.length).toBeLessThan(5);
    expect(tail.reading).toBe(false);
    giveBack();
    await driver.produce(1, [record('a', 0, 'x')]);
    await vi.waitFor(() => expect(seen).toHaveBeenCalled(), 5_000);
  });
});
