import type { Connection } from '@platformatic/kafka';
import type { BrokerAddress } from '../cluster/broker-address.js';
import type { ApiVersions, BrokerConnection, MakeConnection } from '../cluster/broker-connection.js';
import { connectFailure } from '../cluster/connect-failure.js';
import type { KafkaOptions } from '../kafka-options.js';
import type { Api } from '../protocol/api.js';
import type { PlatformaticKafka } from './client.js';
import { connectionOptions } from './settings.js';

const KEEP_ALIVE_MS = 30_000;
const NOTHING = Buffer.alloc(0);

/** Connections of the client that `load` imports, before the first of them. */
export function platformaticConnections(
  load: () => Promise<PlatformaticKafka>,
  kafka: KafkaOptions,
): MakeConnection {
  return async (address, onBroken) =>
    new PlatformaticConnection({ client: await load(), kafka, address, onBroken });
}

interface PlatformaticConnectionOptions {
  client: PlatformaticKafka;
  kafka: KafkaOptions;
  address: BrokerAddress;
  onBroken: (error?: Error) => void;
}

class PlatformaticConnection implements BrokerConnection {
  /** The client writes the header itself, before a copy of the request. */
  readonly headerBytes = 0;
  private readonly connection: Connection;

  constructor(private readonly options: PlatformaticConnectionOptions) {
    const { client, kafka, address } = options;
    this.connection = new client.Connection(kafka.clientId, connectionOptions(kafka, address.host));
    this.connection.on('close', () => void this.connection.close()); // clears the timer of its SASL session
  }

  async open(): Promise<ApiVersions> {
    const { connection, options } = this;
    const { client, address, onBroken } = options;
    let failure: Error | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        connection.on('error', error => {
          failure ??= error; // of TLS too, which the broker may refuse when the client takes it for open
          reject(error);
        });
        Promise.resolve(connection.connect(address.host, address.port)).then(resolve, reject);
      });
      const { apiKeys } = await client.apiVersionsV3.api.async(connection, 'parley', '1');
      connection.on('error', onBroken);
      connection.on('close', () => onBroken());
      connection.socket.setKeepAlive(true, KEEP_ALIVE_MS);
      return Object.fromEntries(apiKeys.map(({ apiKey, ...range }) => [apiKey, range]));
    } catch (cause) {
      throw connectFailure(address, failure ?? cause, options.kafka);
    }
  }

  /** False while the client renews the SASL session: brokers take nothing else meanwhile. */
  get usable(): boolean {
    return this.connection.isConnected();
  }

  send(
    { key, version }: Api,
    request: Buffer,
    answered: (error: Error | null, answer: Buffer) => void,
  ): void {
    this.connection.send<Buffer>(
      key,
      version,
      () => this.options.client.Writer.create().append(request),
      (_correlationId, _apiKey, _apiVersion, reader) => reader.buffer.buffer,
      false,
      false,
      (error, answer) => answered(error, answer ?? NOTHING),
    );
  }

  destroy(reason: Error): void {
    const { socket, status } = this.connection;
    // While it opens, only an error event makes the client give up and clear its timer.
    socket?.destroy(status === 'connecting' ? reason : undefined);
  }
}
