import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { callsTopic, inboxTopic } from '../../link/topics.js';
import { DRIVERS } from './drivers.js';
import { Stage } from './stage.js';

describe.each(DRIVERS)('%s: topics', (_, make) => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.any(make);
  });
  afterEach(() => stage.close());

  async function configsOf(topic: string): Promise<Record<string, string>> {
    const kafka = new Kafka({ clientId: 'x', brokers: [...stage.brokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    });
    await admin.disconnect();
    const entries = resources[0]?.configEntries ?? [];
    return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
  }

  it('creates what is missing and resolves once each partition has a leader', async () => {
    const driver = await stage.driver();
    const topic = stage.name();
    await driver.ensureTopics([{ topic, partitions: 3, replication: -1 }], 'create');
    const leaders = await driver.partitions(topic);
    expect(leaders.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    expect(leaders.every(({ leader }) => leader >= 0)).toBe(true);
  });

  it('makes topics with the configs asked for: those of calls and inboxes are kept as they were sent', async () => {
    const driver = await stage.driver();
    const shape = { partitions: 1, replication: -1 };
    const [calls, inbox] = [callsTopic(stage.name(), shape), inboxTopic(stage.name(), shape)];
    await driver.ensureTopics([calls, inbox], 'create');
    expect(await configsOf(calls.topic)).toMatchObject({
      'compression.type': 'uncompressed',
      'message.timestamp.type': 'LogAppendTime',
    });
    expect(await configsOf(inbox.topic)).toMatchObject({
      'compression.type': 'uncompressed',
      'retention.ms': '3600000',
    });
  });

  it('adds partitions to a topic that has fewer, and leaves one that has more', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic(2);
    await driver.ensureTopics([{ topic, partitions: 4, replication: -1 }], 'create');
    expect(await driver.partitions(topic)).toHaveLength(4);
    await driver.ensureTopics([{ topic, partitions: 1, replication: -1 }], 'create');
    expect(await driver.partitions(topic, { fresh: true })).toHaveLength(4);
  });

  it('lets instances create the same topics at once', async () => {
    const topic = stage.name();
    const specs = [
      { topic, partitions: 2, replication: -1 },
      { topic: `${topic}-b`, partitions: 2, replication: -1 },
    ];
    const [driver, ...others] = await Promise.all([stage.driver(), stage.driver(), stage.driver()]);
    await Promise.all([driver, ...others].map(each => each.ensureTopics(specs, 'create')));
    expect(await driver.partitions(topic)).toHaveLength(2);
  });

  it('makes any number of topics side by side, with no warning of a leak', async () => {
    const driver = await stage.driver();
    const warned = vi.fn();
    process.on('warning', warned);
    const topics = Array.from({ length: 20 }, () => ({
      topic: stage.name(),
      partitions: 1,
      replication: -1,
    }));
    await Promise.all(topics.map(spec => driver.ensureTopics([spec], 'create')));
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });

  it('verifies without creating, and names what is missing and what is short', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic(2);
    const missing = stage.name();
    await driver.ensureTopics([{ topic, partitions: 2, replication: -1 }], 'verify');
    const wanted = [
      { topic, partitions: 8, replication: -1 },
      { topic: missing, partitions: 1, replication: -1 },
    ];
    const rejection = expect(driver.ensureTopics(wanted, 'verify')).rejects;
    await rejection.toMatchObject({ kind: 'permanent' });
    await rejection.toThrow(`${topic} has 2 partitions, wants 8`);
    await rejection.toThrow(`${missing} is missing`);
    expect(await driver.partitions(missing)).toEqual([]);
  });

  it('does nothing in mode none', async () => {
    const driver = await stage.driver();
    const topic = stage.name();
    await driver.ensureTopics([{ topic, partitions: 1, replication: -1 }], 'none');
    expect(await driver.partitions(topic)).toEqual([]);
  });

  it('tells at once, and by name, when the broker refuses a topic', async () => {
    const driver = await stage.driver();
    const topic = stage.name();
    const creation = driver.ensureTopics([{ topic, partitions: 1, replication: 9 }], 'create');
    await expect(creation).rejects.toMatchObject({ kind: 'permanent', code: 'INVALID_REPLICATION_FACTOR' });
    await expect(creation).rejects.toThrow(topic);
  });

  it('knows no partitions of an unknown topic, and makes none', async () => {
    const driver = await stage.driver();
    const topic = stage.name();
    expect(await driver.partitions(topic)).toEqual([]);
    expect(await driver.partitions(topic, { fresh: true })).toEqual([]);
  });
});
