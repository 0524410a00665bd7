import { ApiKey, EmbeddedKafka, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MakeConnection } from '../cluster/broker-connection.js';
import { BrokerLink, checkVersions } from '../cluster/broker-link.js';
import { brokerFactory } from '../kafkajs/internals.js';
import { kafkajsConnections } from '../kafkajs/kafkajs-connection.js';
import { createKafka } from '../kafkajs/settings.js';
import type { KafkaOptions } from '../kafka-options.js';
import { loadClient } from '../platformatic/client.js';
import { platformaticConnections } from '../platformatic/platformatic-connection.js';
import { APIS } from '../protocol/api.js';
import { metadataRequest } from '../protocol/metadata.js';

const SILENT = { log() {}, error() {}, warn() {}, debug() {} };

const CONNECTIONS: [name: string, make: (kafka: KafkaOptions) => MakeConnection][] = [
  [
    'kafkajs',
    kafka => kafkajsConnections(brokerFactory(createKafka(kafka, SILENT, { ownTimeouts: true })), kafka),
  ],
  ['platformatic', kafka => platformaticConnections(loadClient, kafka)],
];

/** What is relied on of a client's connections: one that fails here names what a new version changed. */
describe.each(CONNECTIONS)('%s: a link to a broker', (_, make) => {
  let kafka: EmbeddedKafka;
  let link: BrokerLink;
  const onClosed = vi.fn();

  beforeEach(async () => {
    onClosed.mockReset();
    kafka = await EmbeddedKafka.start({ topics: ['a'] });
    const [host = '', port] = kafka.bootstrap.split(':');
    link = new BrokerLink({
      makeConnection: make({ brokers: kafka.brokers, clientId: 'x' }),
      address: { host, port: Number(port) },
      onClosed,
    });
  });
  afterEach(async () => {
    link.close();
    await kafka.close();
  });

  const metadata = (timeoutMs = 1_000) => link.send(metadataRequest(['a', 'unknown']), timeoutMs);

  it('is usable once it is open, and never again once it is closed', async () => {
    expect(link.usable).toBe(false);
    await expect(metadata()).rejects.toMatchObject({ kind: 'retriable' });
    await link.open(1_000);
    expect(link.usable).toBe(true);
    link.close();
    expect(link.usable).toBe(false);
    expect(onClosed).toHaveBeenCalledOnce();
    await expect(metadata()).rejects.toThrow('was closed');
  });

  it('is not told of as closed where it never opened', async () => {
    await kafka.stopBroker(1);
    await expect(link.open(1_000)).rejects.toMatchObject({ kind: 'retriable' });
    expect(onClosed).not.toHaveBeenCalled();
  });

  it('gives answers whole that hold error codes in parts', async () => {
    await link.open(1_000);
    expect((await metadata()).topics).toMatchObject([
      { topic: 'a', errorCode: 0, partitions: [{ partition: 0 }] },
      { topic: 'unknown', errorCode: 3 },
    ]);
  });

  it('tells answers apart that are under way side by side', async () => {
    await link.open(1_000);
    const topics = await Promise.all(
      ['a', 'b', 'c'].map(async topic => (await link.send(metadataRequest([topic]), 1_000)).topics),
    );
    expect(topics.flat().map(({ topic }) => topic)).toEqual(['a', 'b', 'c']);
  });

  it('closes when an answer is late: a client would take the next answer for it', async () => {
    await link.open(1_000);
    kafka.intercept(ApiKey.Metadata, () => fault.drop);
    const waiting = expect(metadata(5_000)).rejects.toMatchObject({ kind: 'retriable' });
    await expect(metadata(50)).rejects.toMatchObject({ code: 'REQUEST_TIMED_OUT' });
    await waiting;
    expect(onClosed).toHaveBeenCalledOnce();
    expect(link.usable).toBe(false);
  });

  it('takes an answer that came while this process was busy for longer than it waits', async () => {
    await link.open(1_000);
    // The answer is at this end of the connection then, and not read.
    kafka.intercept(ApiKey.Metadata, () => void setImmediate(() => beBusy(150)));
    expect((await metadata(100)).topics).toHaveLength(2);
    expect(onClosed).not.toHaveBeenCalled();
  });

  it('gives a request longer while the broker throttles', async () => {
    await link.open(1_000);
    kafka.intercept(ApiKey.Metadata, () => fault.delay(200));
    link.throttle(1_000);
    expect((await metadata(50)).topics).toHaveLength(2);
  });

  it('fails what waits when the broker goes away', async () => {
    await link.open(1_000);
    kafka.intercept(ApiKey.Metadata, () => fault.close);
    await expect(metadata()).rejects.toMatchObject({ kind: 'retriable' });
    await vi.waitFor(() => expect(onClosed).toHaveBeenCalledOnce());
  });
});

function beBusy(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

describe('the versions that a broker speaks', () => {
  const range = { minVersion: 0, maxVersion: 20 };
  const all = Object.fromEntries(Object.values(APIS).map(({ key }) => [key, range]));

  it('are fine where all that is needed is among them', () => {
    expect(() => checkVersions(all, 'kafka:9092')).not.toThrow();
  });

  it.each([
    ['too old', { minVersion: 0, maxVersion: 6 }, 'speaks versions 0 to 6 of OffsetCommit, version 7'],
    ['too new', { minVersion: 8, maxVersion: 9 }, 'speaks versions 8 to 9 of OffsetCommit, version 7'],
  ])('are refused where they are %s, by name', (_, spoken, message) => {
    expect(() => checkVersions({ ...all, 8: spoken }, 'kafka:9092')).toThrow(message);
  });

  it('are refused where an API is missing', () => {
    const { 37: _, ...spoken } = all;
    expect(() => checkVersions(spoken, 'kafka:9092')).toThrow(
      'kafka:9092 speaks no version of CreatePartitions, version 1 is needed: use Kafka 2.4 or newer',
    );
  });
});
