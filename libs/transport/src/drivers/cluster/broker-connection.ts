import type { Api } from '../protocol/api.js';
import type { BrokerAddress } from './broker-address.js';

/** By API key. */
export type ApiVersions = Readonly<Record<number, { minVersion: number; maxVersion: number }>>;

/**
 * One connection to one broker: all that is taken of a Kafka client. Time-outs, throttling and the meaning of
 * requests and answers are BrokerLink's and everybody else's.
 */
export interface BrokerConnection {
  /** Bytes that a request leaves free at its start for this connection to write its header into. */
  readonly headerBytes: number;
  /**
   * Connects and authenticates; resolves with what the broker speaks. Called once. Rejects as
   * `connectFailure` says. Takes as long as it takes: `destroy` ends it.
   */
  open(): Promise<ApiVersions>;
  /** Whether requests may be sent now: not while a SASL session is renewed, nor once the connection is broken. */
  readonly usable: boolean;
  /** Sends in this turn of the loop. `answered` is called in the turn in which the answer arrives. */
  send(api: Api, request: Buffer, answered: (error: Error | null, answer: Buffer) => void): void;
  /** Breaks the connection, open or opening, for good and without waiting for the broker. */
  destroy(reason: Error): void;
}

/**
 * Makes connections configured as the client's options say: TLS, SASL, time-outs. Not yet connected. `onBroken` is
 * told of a connection that breaks after it has opened, with why where that is known; more than once does no harm.
 */
export type MakeConnection = (
  address: BrokerAddress,
  onBroken: (error?: Error) => void,
) => Promise<BrokerConnection>;
