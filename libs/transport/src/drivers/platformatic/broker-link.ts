import type { API, Connection } from '@platformatic/kafka';
import { DriverError } from '../driver.js';
import { within } from '../timing/deadline.js';
import { messageOf, unanswered } from '../errors.js';
import type { Api } from '../protocol/api.js';
import type { KafkaOptions } from '../kafka-options.js';
import type { PlatformaticKafka } from './client.js';
import { connectionOptions } from './settings.js';
import { checkVersions } from './versions.js';

export interface BrokerAddress {
  host: string;
  port: number;
}

export interface BrokerLinkOptions {
  client: PlatformaticKafka;
  kafka: KafkaOptions;
  address: BrokerAddress;
  /** Called once when an open link closes, with what closed it. */
  onClosed(error: DriverError): void;
}

const KEEP_ALIVE_MS = 30_000;

/** Called once, with an error or an answer. */
export type Answered<T> = (error: DriverError | undefined, answer: T | undefined) => void;

/**
 * One connection to one broker. Once closed it stays closed: whoever needs the broker opens another. A request
 * that is not answered in time closes it, since the client cannot take a late answer.
 */
export class BrokerLink {
  readonly name: string;
  private readonly connection: Connection;
  private readonly client: PlatformaticKafka;
  private readonly waiting = new Set<(error: DriverError) => void>();
  private isOpen = false;
  private closedBy: DriverError | undefined;
  private throttledUntil = 0;

  constructor(private readonly options: BrokerLinkOptions) {
    const { client, kafka, address } = options;
    this.client = client;
    this.name = `${address.host}:${address.port}`;
    this.connection = new client.Connection(kafka.clientId, connectionOptions(kafka, address.host));
    this.connection.on('error', cause => this.close(connectFailure(this.name, cause, client)));
    this.connection.on('close', () => {
      this.close(new DriverError('retriable', `${this.name} closed the connection`));
      void this.connection.close(); // clears the timer by which it would renew its SASL session
    });
  }

  /** Opens the connection, authenticates, and checks that the broker speaks what this driver needs. Call once. */
  async open(timeoutMs: number): Promise<void> {
    const { host, port } = this.options.address;
    const late = () => new DriverError('retriable', `No connection to ${this.name} within ${timeoutMs} ms`);
    const opening = async () => {
      await this.connection.connect(host, port);
      checkVersions(await this.ask(this.client.apiVersionsV3.api, ['parley', '1'], timeoutMs), this.name);
    };
    try {
      await within(opening(), timeoutMs, late);
    } catch (cause) {
      this.close(connectFailure(this.name, cause, this.client));
    }
    if (this.closedBy) throw this.closedBy;
    this.connection.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.isOpen = true;
  }

  /** False once closed, and while the client renews the SASL session: brokers take nothing else meanwhile. */
  get usable(): boolean {
    return this.isOpen && !this.closedBy && this.connection.isConnected();
  }

  /** Sends a request by one of the client's API functions. Error codes in the answer are left to the caller. */
  send<Args extends unknown[], T>(api: API<Args, T>, args: Args, timeoutMs: number): Promise<T> {
    if (!this.usable) return Promise.reject(this.notConnected());
    return this.ask(api, args, timeoutMs);
  }

  /**
   * Sends a request body as it is, at once. `answered` is called in the turn in which the answer arrives and must
   * not throw.
   */
  dispatch({ name, key, version }: Api, body: Buffer, timeoutMs: number, answered: Answered<Buffer>): void {
    if (!this.usable) {
      answered(this.notConnected(), undefined);
      return;
    }
    const settle = this.await(name, timeoutMs, answered);
    this.connection.send<Buffer>(
      key,
      version,
      () => this.client.Writer.create().append(body),
      (_correlationId, _apiKey, _apiVersion, reader) => reader.buffer.buffer,
      false,
      false,
      settle,
    );
  }

  /** The broker itself holds a connection back that it throttles: requests are given so much longer. */
  throttle(ms: number): void {
    if (ms > 0) this.throttledUntil = performance.now() + ms;
  }

  /** Fails what waits for an answer and drops the connection, without waiting for the broker. */
  close(reason = new DriverError('retriable', `The connection to ${this.name} was closed`)): void {
    if (this.closedBy) return;
    this.closedBy = reason;
    const { socket, status } = this.connection;
    // While it opens, only an error event makes the client give up and clear its timer.
    socket?.destroy(status === 'connecting' ? reason : undefined);
    for (const fail of this.waiting) fail(reason);
    if (this.isOpen) this.options.onClosed(reason);
  }

  private ask<Args extends unknown[], T>(api: API<Args, T>, args: Args, timeoutMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const name = this.client.protocolAPIsById[api.key] ?? `Request ${api.key}`;
      const settle = this.await<T>(name, timeoutMs, (error, answer) =>
        error ? reject(error) : resolve(answer!),
      );
      api.async(this.connection, ...args).then(
        answer => settle(null, answer),
        (error: Error) => {
          // The client raises where any part of an answer holds an error code; its other parts count all the same.
          if (error instanceof this.client.ResponseError) settle(null, error.response as T);
          else settle(error);
        },
      );
    });
  }

  /** Bounds one request by time and by the link's life. */
  private await<T>(name: string, timeoutMs: number, answered: Answered<T>) {
    const patienceMs = timeoutMs + Math.max(0, this.throttledUntil - performance.now());
    const end: Answered<T> = (error, answer) => {
      if (!this.waiting.delete(fail)) return;
      clearTimeout(timer);
      answered(error, answer);
    };
    const fail = (error: DriverError) => end(error, undefined);
    const timer = setTimeout(() => {
      const message = `${name} at ${this.name} was not answered within ${Math.round(patienceMs)} ms`;
      const late = new DriverError('retriable', message, 'REQUEST_TIMED_OUT');
      fail(late);
      this.close(late);
    }, patienceMs);
    this.waiting.add(fail);
    return (error: Error | null, answer?: T) =>
      end(error ? unanswered(`${name} at ${this.name}`, error) : undefined, answer);
  }

  private notConnected(): DriverError {
    return this.closedBy ?? new DriverError('retriable', `${this.name} is not connected`);
  }
}

function connectFailure(name: string, cause: unknown, client: PlatformaticKafka): DriverError {
  if (cause instanceof DriverError) return cause;
  const reason = cause instanceof client.NetworkError && cause.cause ? cause.cause : cause;
  if (reason instanceof DriverError) return reason;
  const refused = reason instanceof client.AuthenticationError;
  return new DriverError(
    refused ? 'permanent' : 'retriable',
    `No connection to ${name}: ${messageOf(reason)}`,
    refused ? 'SASL_AUTHENTICATION_FAILED' : undefined,
    { cause },
  );
}
