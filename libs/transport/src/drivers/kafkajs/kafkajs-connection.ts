import type { BrokerAddress } from '../cluster/broker-address.js';
import type { ApiVersions, BrokerConnection, MakeConnection } from '../cluster/broker-connection.js';
import { connectFailure } from '../cluster/connect-failure.js';
import type { KafkaOptions } from '../kafka-options.js';
import type { Api } from '../protocol/api.js';
import { cutConnection, renewEarly } from './internals.js';
import type { BrokerFactory, KafkajsBroker, KafkajsConnection } from './internals.js';

/** Connections that `createBroker` makes, which is configured as `kafka` says. */
export function kafkajsConnections(createBroker: BrokerFactory, kafka: KafkaOptions): MakeConnection {
  return async (address, onBroken) =>
    new KafkajsBrokerConnection(await createBroker(address), { address, kafka, onBroken });
}

interface KafkajsConnectionOptions {
  address: BrokerAddress;
  kafka: KafkaOptions;
  onBroken: () => void;
}

/** Requests go straight onto kafkajs's request queue, written in one buffer in the same turn of the loop. */
class KafkajsBrokerConnection implements BrokerConnection {
  readonly headerBytes: number;
  private readonly clientId: Buffer;
  private readonly connection: KafkajsConnection;

  constructor(
    private readonly broker: KafkajsBroker,
    private readonly options: KafkajsConnectionOptions,
  ) {
    this.clientId = Buffer.from(options.kafka.clientId);
    this.headerBytes = 14 + this.clientId.length;
    [this.connection] = broker.connectionPool.pool;
  }

  async open(): Promise<ApiVersions> {
    await this.broker.connect().catch((cause: unknown) => {
      throw connectFailure(this.options.address, cause, this.options.kafka);
    });
    renewEarly(this.connection);
    this.connection.socket?.once('close', () => this.options.onBroken());
    return this.broker.versions ?? {};
  }

  /** False once the SASL session is about to expire: kafkajs would mix answers up renewing it. */
  get usable(): boolean {
    const { connection } = this;
    return connection.isConnected() && (!connection.sasl || connection.isAuthenticated());
  }

  send(api: Api, request: Buffer, answered: (error: Error | null, answer: Buffer) => void): void {
    const { connection } = this;
    const correlationId = connection.nextCorrelationId();
    this.stampHeader(request, api, correlationId);
    connection.requestQueue.push({
      entry: {
        apiKey: api.key,
        apiName: api.name,
        apiVersion: api.version,
        correlationId,
        resolve: ({ payload }) => answered(null, payload),
        reject: error => answered(error, NOTHING),
      },
      expectResponse: true,
      sendRequest: () => connection.socket?.write(request),
    });
  }

  destroy(reason: Error): void {
    for (const connection of this.broker.connectionPool.pool) cutConnection(connection, reason);
  }

  private stampHeader(request: Buffer, api: Api, correlationId: number): void {
    let at = request.writeInt32BE(request.length - 4, 0);
    at = request.writeInt16BE(api.key, at);
    at = request.writeInt16BE(api.version, at);
    at = request.writeInt32BE(correlationId, at);
    at = request.writeInt16BE(this.clientId.length, at);
    request.set(this.clientId, at);
  }
}

const NOTHING = Buffer.alloc(0);
