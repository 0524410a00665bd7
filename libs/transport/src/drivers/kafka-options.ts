import type { ConnectionOptions } from 'node:tls';
import type { GivenCodecs } from './compression/codecs.js';

/** How to reach the Kafka cluster. The same options serve every driver. */
export interface KafkaOptions {
  /** Addresses to start from, as `host:port`; the rest of the cluster is learnt from them. */
  brokers: readonly string[];
  /** The name by which brokers know this process in their logs, metrics and quotas. */
  clientId: string;
  /**
   * `true`, or Node's TLS options, to connect by TLS: `ca` where the brokers' certificates are not signed by an authority
   * that Node knows, `cert` and `key` where brokers ask for one of this process, `servername` where their certificates
   * are for another name than the one they are reached by. As PEM. Default: plain text.
   */
  ssl?: boolean | ConnectionOptions;
  /** Default: no authentication. */
  sasl?: SaslOptions;
  /** How long one broker may take to accept a connection, TLS and authentication included. Default 3,000. */
  connectionTimeoutMs?: number;
  /** How long a broker may take to answer a request, beyond what the request allows itself. Default 5,000. */
  requestTimeoutMs?: number;
  /**
   * Makes this process a static member, by this name, of each group that it joins: it may restart within the session
   * time-out (6 s) and find its partitions as it left them, without a rebalance; without it, partitions move at
   * once, and as often. For pods that keep their name, as those of a StatefulSet: `process.env.POD_NAME`.
   *
   * One name, one instance: two that run at a time fence one another. The one that joined first stops reading, with
   * an error of the code FENCED_INSTANCE_ID that tells the name. When an instance goes for good, its partitions wait
   * out the session. Letters, digits, ".", "_" and "-", at most 249. Default: not static.
   */
  instanceId?: string;
  /**
   * Codecs in place of those that are found by themselves: gzip is Node's own, and so is zstd from Node 22.15 on;
   * snappy is of the package `snappy`, lz4 of `lz4-napi`, zstd of `@mongodb-js/zstd` where Node has none.
   */
  codecs?: GivenCodecs;
}

/** How this process proves who it is. Give it by TLS only: PLAIN and OAUTHBEARER send the secret itself. */
export type SaslOptions = SaslPassword | OauthBearer;

export interface SaslPassword {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}

export interface OauthBearer {
  mechanism: 'oauthbearer';
  /**
   * Gives a token that the broker takes now. Called for each connection, and for another one before the session of a
   * token ends: keep what is still good, several may be asked for at once. Where it rejects, the connection is tried
   * again; it has as long as a connection may take (`connectionTimeoutMs`).
   */
  oauthBearerProvider: () => Promise<{ value: string }>;
}

export const DEFAULT_CONNECTION_TIMEOUT_MS = 3_000;
export const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;

export interface Timeouts {
  connectionTimeoutMs: number;
  requestTimeoutMs: number;
}

export function timeoutsOf(options: KafkaOptions): Timeouts {
  return {
    connectionTimeoutMs: options.connectionTimeoutMs ?? DEFAULT_CONNECTION_TIMEOUT_MS,
    requestTimeoutMs: options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS,
  };
}
