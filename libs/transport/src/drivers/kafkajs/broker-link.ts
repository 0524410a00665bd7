import { DriverError } from '../driver.js';
import { within } from '../timing/deadline.js';
import { messageOf, unanswered } from '../errors.js';
import { cutConnection } from './internals.js';
import type { BrokerFactory, KafkajsBroker, KafkajsConnection } from './internals.js';
import { APIS } from '../protocol/api.js';
import type { Api, ApiRequest } from '../protocol/api.js';
import { Reader } from '../protocol/reader.js';
import { Writer } from '../protocol/writer.js';

export interface BrokerAddress {
  host: string;
  port: number;
}

export interface BrokerLinkOptions {
  address: BrokerAddress;
  clientId: string;
  createBroker: BrokerFactory;
  /** Called once when an open link closes, with what closed it. */
  onClosed(error: DriverError): void;
}

/** Called once, with an error or an answer. */
export type Answered = (error: DriverError | undefined, payload: Buffer) => void;

const NOTHING = Buffer.alloc(0);

/**
 * One connection to one broker. Once closed it stays closed: whoever needs the broker opens another. Requests
 * go straight onto kafkajs's request queue, written in one buffer in the same turn of the loop.
 */
export class BrokerLink {
  /** Bytes to leave free at the start of a request that is given to `dispatch`. */
  readonly headerBytes: number;
  readonly name: string;
  private readonly clientId: Buffer;
  private broker: KafkajsBroker | undefined;
  private connection: KafkajsConnection | undefined;
  private closedBy: DriverError | undefined;

  constructor(private readonly options: BrokerLinkOptions) {
    this.clientId = Buffer.from(options.clientId);
    this.headerBytes = 14 + this.clientId.length;
    this.name = `${options.address.host}:${options.address.port}`;
  }

  /** Opens the connection, authenticates, and checks that the broker speaks what this driver needs. Call once. */
  async open(timeoutMs: number): Promise<void> {
    try {
      this.broker = await this.options.createBroker(this.options.address);
      if (this.closedBy) throw this.closedBy;
      await within(
        this.broker.connect(),
        timeoutMs,
        () => new DriverError('retriable', `No connection to ${this.name} within ${timeoutMs} ms`),
      );
      if (this.closedBy) throw this.closedBy;
      this.checkVersions(this.broker);
    } catch (error) {
      const reason = this.closedBy ?? connectFailure(this.name, error);
      this.closedBy = reason;
      this.destroy(reason);
      throw reason;
    }
    const [connection] = this.broker.connectionPool.pool;
    this.connection = connection;
    connection.socket?.once('close', () =>
      this.close(new DriverError('retriable', `${this.name} closed the connection`)),
    );
  }

  /** False once closed, and once the SASL session is about to expire: kafkajs would mix answers up renewing it. */
  get usable(): boolean {
    const { connection } = this;
    if (!connection || this.closedBy || !connection.isConnected()) return false;
    return !connection.sasl || connection.isAuthenticated();
  }

  /** Sends a request and reads its answer. Rejects with a DriverError; a late answer closes the link. */
  send<T>(request: ApiRequest<T>, timeoutMs: number): Promise<T> {
    const body = new Writer(this.headerBytes);
    request.write(body);
    return new Promise<T>((resolve, reject) => {
      this.dispatch(request.api, body.finish(), timeoutMs, (error, payload) => {
        if (error) return reject(error);
        try {
          resolve(request.read(new Reader(payload)));
        } catch (cause) {
          reject(unanswered(`${request.api.name} at ${this.name}`, cause));
        }
      });
    });
  }

  /**
   * Sends a request that was written with `headerBytes` left free, at once. `answered` is called in the turn in
   * which the answer arrives. No answer within `timeoutMs` means a hung broker: the link closes.
   */
  dispatch(api: Api, request: Buffer, timeoutMs: number, answered: Answered): void {
    const { connection } = this;
    if (!connection || !this.usable) {
      answered(this.closedBy ?? unanswered(api.name, `${this.name} is not connected`), NOTHING);
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    let settled = false;
    const settle: Answered = (error, payload) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      answered(error, payload);
    };
    timer = setTimeout(() => {
      const late = new DriverError(
        'retriable',
        `${api.name} at ${this.name} was not answered within ${timeoutMs} ms`,
        'REQUEST_TIMED_OUT',
      );
      settle(late, NOTHING);
      this.close(late);
    }, timeoutMs);
    const correlationId = connection.nextCorrelationId();
    this.stampHeader(request, api, correlationId);
    connection.requestQueue.push({
      entry: {
        apiKey: api.key,
        apiName: api.name,
        apiVersion: api.version,
        correlationId,
        resolve: ({ payload }) => settle(undefined, payload),
        reject: error => settle(unanswered(`${api.name} at ${this.name}`, error), NOTHING),
      },
      expectResponse: true,
      requestTimeout: timeoutMs,
      sendRequest: () => connection.socket?.write(request),
    });
  }

  /** Holds requests back as long as the broker asked for. */
  throttle(ms: number): void {
    if (ms > 0) this.connection?.requestQueue.maybeThrottle(ms);
  }

  /** Fails what waits for an answer and drops the connection, without waiting for the broker. */
  close(reason = new DriverError('retriable', `The connection to ${this.name} was closed`)): void {
    if (this.closedBy) return;
    this.closedBy = reason;
    const wasOpen = this.connection !== undefined;
    this.destroy(reason);
    if (wasOpen) this.options.onClosed(reason);
  }

  private destroy(reason: Error): void {
    for (const connection of this.broker?.connectionPool.pool ?? []) cutConnection(connection, reason);
  }

  private stampHeader(request: Buffer, api: Api, correlationId: number): void {
    let at = request.writeInt32BE(request.length - 4, 0);
    at = request.writeInt16BE(api.key, at);
    at = request.writeInt16BE(api.version, at);
    at = request.writeInt32BE(correlationId, at);
    at = request.writeInt16BE(this.clientId.length, at);
    request.set(this.clientId, at);
  }

  private checkVersions({ versions }: KafkajsBroker): void {
    for (const { name, key, version } of Object.values<Api>(APIS)) {
      const range = versions?.[key];
      if (range && range.minVersion <= version && version <= range.maxVersion) continue;
      const speaks = range ? `versions ${range.minVersion} to ${range.maxVersion}` : 'no version';
      throw new DriverError(
        'permanent',
        `${this.name} speaks ${speaks} of ${name}, version ${version} is needed: use Kafka 2.4 or newer`,
        'UNSUPPORTED_VERSION',
      );
    }
  }
}

function connectFailure(name: string, cause: unknown): DriverError {
  if (cause instanceof DriverError) return cause;
  const refused = cause instanceof Error && cause.name === 'KafkaJSSASLAuthenticationError';
  return new DriverError(
    refused ? 'permanent' : 'retriable',
    `No connection to ${name}: ${messageOf(cause)}`,
    refused ? 'SASL_AUTHENTICATION_FAILED' : undefined,
    { cause },
  );
}
