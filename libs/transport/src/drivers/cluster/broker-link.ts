import { DriverError } from '../driver.js';
import { messageOf, unanswered } from '../errors.js';
import { APIS } from '../protocol/api.js';
import type { Api, ApiRequest } from '../protocol/api.js';
import { Reader } from '../protocol/reader.js';
import { Writer } from '../protocol/writer.js';
import { afterReading, within } from '../timing/deadline.js';
import type { BrokerAddress } from './broker-address.js';
import type { ApiVersions, BrokerConnection, MakeConnection } from './broker-connection.js';

export interface BrokerLinkOptions {
  address: BrokerAddress;
  makeConnection: MakeConnection;
  /** Called once when an open link closes, with what closed it. */
  onClosed(error: DriverError): void;
}

/** Called once, with an error or an answer. */
export type Answered = (error: DriverError | undefined, answer: Buffer) => void;

const NOTHING = Buffer.alloc(0);

/**
 * One connection to one broker. Once closed it stays closed: whoever needs the broker opens another. A request
 * that is not answered in time closes it: the broker hangs, and no client can tell a late answer from the next.
 */
export class BrokerLink {
  readonly name: string;
  private connection: BrokerConnection | undefined;
  private isOpen = false;
  private closedBy: DriverError | undefined;
  private readonly waiting = new Set<(error: DriverError) => void>();
  private throttledUntil = 0;
  /** Whether any request was answered since it opened. */
  private heard = false;
  private versions: ApiVersions = {};

  constructor(private readonly options: BrokerLinkOptions) {
    this.name = `${options.address.host}:${options.address.port}`;
  }

  /** Bytes to leave free at the start of a request that is given to `dispatch`. */
  get headerBytes(): number {
    return this.connection?.headerBytes ?? 0;
  }

  /** Connects, authenticates, and checks that the broker speaks what is needed of it. Call once. */
  async open(timeoutMs: number): Promise<void> {
    const late = () => new DriverError('retriable', `No connection to ${this.name} within ${timeoutMs} ms`);
    try {
      const connection = await this.make();
      await within(this.connect(connection), timeoutMs, late);
    } catch (cause) {
      this.close(
        cause instanceof DriverError
          ? cause
          : new DriverError('retriable', `No connection to ${this.name}: ${messageOf(cause)}`, undefined, {
              cause,
            }),
      );
    }
    if (this.closedBy) throw this.closedBy;
    this.isOpen = true;
  }

  /** False once closed, and while the connection renews its SASL session. */
  get usable(): boolean {
    return this.isOpen && !this.closedBy && this.connection!.usable;
  }

  /** Whether the broker speaks an API in that version; what all brokers have to speak is checked at `open`. */
  speaks(api: Api): boolean {
    return isSpoken(api, this.versions);
  }

  /** Sends a request and reads its answer. Rejects with a DriverError; a late answer closes the link. */
  send<T>(request: ApiRequest<T>, timeoutMs: number): Promise<T> {
    const body = new Writer(this.headerBytes);
    request.write(body);
    return new Promise<T>((resolve, reject) => {
      this.dispatch(request.api, body.finish(), timeoutMs, (error, answer) => {
        if (error) return reject(error);
        try {
          resolve(request.read(new Reader(answer)));
        } catch (cause) {
          reject(unanswered(`${request.api.name} at ${this.name}`, cause));
        }
      });
    });
  }

  /**
   * Sends a request that was written with `headerBytes` left free, at once. `answered` is called in the turn in
   * which the answer arrives and must not throw. No answer within `timeoutMs` closes the link.
   */
  dispatch(api: Api, request: Buffer, timeoutMs: number, answered: Answered): void {
    if (!this.usable) {
      answered(this.closedBy ?? unanswered(api.name, `${this.name} is not connected`), NOTHING);
      return;
    }
    const patienceMs = timeoutMs + Math.max(0, this.throttledUntil - performance.now());
    const fail = (error: DriverError) => settle(error, NOTHING);
    const settle: Answered = (error, answer) => {
      if (!this.waiting.delete(fail)) return;
      clearTimeout(timer);
      answered(error, answer);
    };
    const expire = () => {
      if (!this.waiting.has(fail)) return;
      const message = `${api.name} at ${this.name} was not answered within ${Math.round(patienceMs)} ms`;
      const late = new DriverError('retriable', message, 'REQUEST_TIMED_OUT');
      fail(late);
      this.close(late);
    };
    const timer = afterReading(expire, patienceMs);
    this.waiting.add(fail);
    this.connection!.send(api, request, (error, answer) => {
      if (!error) this.heard = true;
      settle(error ? unanswered(`${api.name} at ${this.name}`, error) : undefined, answer);
    });
  }

  /** The broker itself holds a connection back that it throttles: requests are given so much longer. */
  throttle(ms: number): void {
    if (ms > 0) this.throttledUntil = performance.now() + ms;
  }

  /** Fails what waits for an answer and drops the connection, without waiting for the broker. */
  close(reason = new DriverError('retriable', `The connection to ${this.name} was closed`)): void {
    if (this.closedBy) return;
    this.closedBy = reason;
    this.connection?.destroy(reason);
    for (const fail of this.waiting) fail(reason);
    if (this.isOpen) this.options.onClosed(reason);
  }

  /** Takes no network, but may have to load the client first: that is not the broker's time. */
  private async make(): Promise<BrokerConnection> {
    const { address, makeConnection } = this.options;
    const connection = await makeConnection(address, error => {
      const words = error ? `: ${messageOf(error)}` : '';
      const early =
        this.isOpen && !this.heard ? ' before it answered any request: does it ask for SASL?' : '';
      this.close(new DriverError('retriable', `${this.name} closed the connection${early}${words}`));
    });
    if (this.closedBy) throw this.closedBy;
    return (this.connection = connection);
  }

  private async connect(connection: BrokerConnection): Promise<void> {
    this.versions = await connection.open();
    checkVersions(this.versions, this.name);
  }
}

/** Raises a permanent DriverError that names the first API which a broker does not speak as it is needed. */
export function checkVersions(versions: ApiVersions, broker: string): void {
  for (const api of Object.values<Api>(APIS)) {
    if (isSpoken(api, versions)) continue;
    const { name, key, version } = api;
    const range = versions[key];
    const speaks = range ? `versions ${range.minVersion} to ${range.maxVersion}` : 'no version';
    throw new DriverError(
      'permanent',
      `${broker} speaks ${speaks} of ${name}, version ${version} is needed: use Kafka 2.4 or newer`,
      'UNSUPPORTED_VERSION',
    );
  }
}

function isSpoken({ key, version }: Api, versions: ApiVersions): boolean {
  const range = versions[key];
  return range !== undefined && range.minVersion <= version && version <= range.maxVersion;
}
