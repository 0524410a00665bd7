import type { Socket } from 'node:net';
import type { Kafka } from 'kafkajs';

/**
 * Everything of kafkajs 2.2.4 that is reached into without being public. kafkajs is pinned exactly, and
 * internals.spec.ts fails where a version differs from what is relied on here.
 */
export interface KafkajsConnection {
  readonly socket?: Socket;
  readonly sasl: unknown;
  /** How long the broker takes what was proved for true, in ms; 0 for ever. */
  readonly sessionLifetime: { toNumber(): number };
  /** How long before that `isAuthenticated` becomes false, in ms. */
  reauthenticationThreshold: number;
  readonly requestQueue: KafkajsRequestQueue;
  connect(): Promise<unknown>;
  isConnected(): boolean;
  /** Always false without SASL; false again once a session is about to expire. */
  isAuthenticated(): boolean;
  nextCorrelationId(): number;
  /** Fails all requests that wait for an answer. */
  rejectRequests(error: Error): void;
  disconnect(): Promise<boolean>;
}

export interface KafkajsRequestQueue {
  readonly pending: readonly unknown[];
  push(request: {
    entry: {
      apiKey: number;
      apiName: string;
      apiVersion: number;
      correlationId: number;
      resolve(answer: { payload: Buffer }): void;
      reject(error: Error): void;
    };
    expectResponse: boolean;
    sendRequest(): void;
  }): void;
  scheduleCheckPendingRequests(): void;
}

export interface KafkajsBroker {
  readonly versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>> | null;
  /** Two connections: the first takes all requests but fetches. They connect when they are first used. */
  readonly connectionPool: { readonly pool: readonly [KafkajsConnection, KafkajsConnection] };
  /** Connects and authenticates the first connection and learns the broker's API versions. */
  connect(): Promise<void>;
}

interface ConnectionPool {
  readonly pool: readonly KafkajsConnection[];
}

export interface KafkajsCluster {
  readonly connectionPoolBuilder: {
    build(address?: { host: string; port: number }): Promise<ConnectionPool>;
  };
  readonly brokerPool: {
    createBroker(options: {
      connectionPool: ConnectionPool;
      logger: unknown;
      nodeId?: number;
    }): KafkajsBroker;
  };
}

type CreateCluster = (options: Record<string, unknown>) => KafkajsCluster;

const CREATE_CLUSTER = 'private:Kafka:createCluster';

/** Makes a broker with connections configured as the client is: TLS, SASL, time-outs. Not yet connected. */
export type BrokerFactory = (address: { host: string; port: number }) => Promise<KafkajsBroker>;

export function brokerFactory(kafka: Kafka): BrokerFactory {
  const cluster = createClusterOf(kafka)({ allowAutoTopicCreation: false });
  return async address => {
    const connectionPool = await cluster.connectionPoolBuilder.build(address);
    for (const connection of connectionPool.pool) stopIdleTimer(connection.requestQueue);
    return cluster.brokerPool.createBroker({ connectionPool, logger: kafka.logger() });
  };
}

/** Guards all that this client makes later, for what Parley does not cover, against idle timers. */
export function guardClusters(kafka: Kafka): void {
  const createCluster = createClusterOf(kafka);
  const guarded: CreateCluster = options => {
    const cluster = createCluster(options);
    const { connectionPoolBuilder } = cluster;
    const build = connectionPoolBuilder.build.bind(connectionPoolBuilder);
    connectionPoolBuilder.build = async address => {
      const connectionPool = await build(address);
      for (const connection of connectionPool.pool) stopIdleTimer(connection.requestQueue);
      return connectionPool;
    };
    return cluster;
  };
  Object.defineProperty(kafka, createClusterSymbol(kafka), { value: guarded, configurable: true });
}

/**
 * Breaks a connection, open or opening, without waiting for the broker, and fails what waits for an answer. It
 * does not open again, as kafkajs would have it do for whatever it still wants to send.
 */
export function cutConnection(connection: KafkajsConnection, reason: Error): void {
  connection.connect = () => Promise.reject(reason);
  connection.rejectRequests(reason);
  const { socket } = connection;
  // While it opens, only an error event makes kafkajs give up and clear its timer.
  const opening = socket !== undefined && !socket.destroyed && !connection.isConnected();
  socket?.destroy(opening ? reason : undefined);
  connection.disconnect().catch(() => {
    // it is gone either way
  });
}

const MOST_EARLY_MS = 10_000;
const EARLY_SHARE = 0.2;

/**
 * kafkajs takes a SASL session for over 10 s before it is: one that is granted no longer than that would never be of
 * use. Its last fifth is, of long ones the last 10 s.
 */
export function renewEarly(connection: KafkajsConnection): void {
  const lifetimeMs = connection.sessionLifetime.toNumber();
  connection.reauthenticationThreshold = Math.min(MOST_EARLY_MS, lifetimeMs * EARLY_SHARE);
}

/**
 * After its first answer a connection of kafkajs sets a timer for the next millisecond, and another when that
 * fires, for ever: 5 % of a core while idle. The timer is of use only while requests wait to be sent.
 */
function stopIdleTimer(queue: KafkajsRequestQueue): void {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue);
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule();
  };
}

function createClusterSymbol(kafka: Kafka): symbol {
  const found = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  return found ?? refuseVersion();
}

function createClusterOf(kafka: Kafka): CreateCluster {
  const found: unknown = Reflect.get(kafka, createClusterSymbol(kafka));
  return isCreateCluster(found) ? found : refuseVersion();
}

function refuseVersion(): never {
  throw new Error(
    `This kafkajs has no ${CREATE_CLUSTER}: Parley needs kafkajs 2.2.4 exactly; check which version is installed`,
  );
}

function isCreateCluster(value: unknown): value is CreateCluster {
  return typeof value === 'function';
}
