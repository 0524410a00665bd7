import { EmbeddedKafka } from '@parley/embedded-kafka';
import { createRequire } from 'node:module';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { brokerFactory, cutConnection, guardClusters } from './internals.js';
import type { KafkajsBroker, KafkajsCluster } from './internals.js';

/** What is relied on of kafkajs without being public. One that fails here names what a new version changed. */
describe('kafkajs internals', () => {
  let broker: EmbeddedKafka;
  let kafka: Kafka;
  beforeEach(async () => {
    broker = await EmbeddedKafka.start({ topics: ['a'] });
    kafka = new Kafka({
      clientId: 'x',
      brokers: broker.brokers,
      logLevel: logLevel.NOTHING,
      retry: { retries: 5, initialRetryTime: 20 },
    });
  });
  afterEach(() => broker.close());

  async function connected(): Promise<KafkajsBroker> {
    const [host = '', port] = broker.bootstrap.split(':');
    const made = await brokerFactory(kafka)({ host, port: Number(port) });
    await made.connect();
    return made;
  }

  it('are those of 2.2.4', () => {
    const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { version: string };
    expect(version).toBe('2.2.4');
  });

  it('refuse a client without the symbol that makes clusters, by saying what is needed', () => {
    expect(() => brokerFactory({} as Kafka)).toThrow('kafkajs 2.2.4 exactly');
  });

  it('make a broker that connects its first connection and learns API versions', async () => {
    const made = await connected();
    const [requests, fetches] = made.connectionPool.pool;
    expect(requests.isConnected()).toBe(true);
    expect(fetches.isConnected()).toBe(false);
    expect(requests.isAuthenticated()).toBe(false);
    expect(requests.sasl).toBeNull();
    expect(requests.socket?.destroyed).toBe(false);
    expect(made.versions?.[3]).toMatchObject({
      minVersion: expect.any(Number),
      maxVersion: expect.any(Number),
    });
    await requests.disconnect();
  });

  it('number requests from what was used last, and fail those that wait', async () => {
    const [connection] = (await connected()).connectionPool.pool;
    const first = connection.nextCorrelationId();
    expect(connection.nextCorrelationId()).toBe(first + 1);
    const reject = vi.fn();
    const sendRequest = vi.fn();
    connection.requestQueue.push({
      entry: { apiKey: 3, apiName: 'x', apiVersion: 0, correlationId: first, resolve: vi.fn(), reject },
      expectResponse: true,
      sendRequest,
    });
    expect(sendRequest).toHaveBeenCalledOnce(); // at once
    const gone = new Error('gone');
    connection.rejectRequests(gone);
    expect(reject).toHaveBeenCalledWith(gone);
    await connection.disconnect();
  });

  it('break a connection for good', async () => {
    const [connection] = (await connected()).connectionPool.pool;
    const { socket } = connection;
    const gone = new Error('gone');
    cutConnection(connection, gone);
    expect(socket?.destroyed).toBe(true);
    await vi.waitFor(() => expect(connection.isConnected()).toBe(false));
    await expect(connection.connect()).rejects.toBe(gone);
  });

  it('set no timer while nothing waits to be sent', async () => {
    const [connection] = (await connected()).connectionPool.pool;
    await vi.waitFor(() => expect(timersBesidesInterval(connection.requestQueue)).toBe(false));
    await connection.disconnect();
  });

  it('set no timer while idle in a client that was handed out, either', async () => {
    const queues: object[] = [];
    const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) =>
      description?.includes('createCluster'),
    );
    guardClusters(kafka);
    const createCluster: unknown = Reflect.get(kafka, symbol!);
    Object.defineProperty(kafka, symbol!, {
      value: (options: unknown) => {
        const cluster = (createCluster as (given: unknown) => KafkajsCluster)(options);
        const { connectionPoolBuilder } = cluster;
        const build = connectionPoolBuilder.build.bind(connectionPoolBuilder);
        connectionPoolBuilder.build = async address => {
          const made = await build(address);
          queues.push(...made.pool.map(({ requestQueue }) => requestQueue));
          return made;
        };
        return cluster;
      },
    });
    const admin = kafka.admin();
    await admin.connect();
    expect(await admin.listTopics()).toContain('a');
    await vi.waitFor(() => expect(queues.some(timersBesidesInterval)).toBe(false));
    expect(queues).not.toHaveLength(0);
    await admin.disconnect();
  });
});

function timersBesidesInterval(queue: object): boolean {
  return 'throttleCheckTimeoutId' in queue && queue.throttleCheckTimeoutId !== null;
}
