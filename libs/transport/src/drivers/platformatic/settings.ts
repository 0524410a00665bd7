import { isIP } from 'node:net';
import type { ConnectionOptions, SASLOptions } from '@platformatic/kafka';
import { bearerRefusal, bearerToken } from '../sasl/bearer-token.js';
import { timeoutsOf } from '../kafka-options.js';
import type { KafkaOptions, SaslOptions } from '../kafka-options.js';

/**
 * The client's own time-out is one for all requests, and an answer that comes after it corrupts the connection:
 * links bound each request themselves and close when it ends, long before this.
 */
const NEVER_MS = 2_147_483_647;
/** The client queues what exceeds this; the sender and the fetchers bound what is in flight. */
const MAX_IN_FLIGHT = 100_000;

/** How the client is to open a connection to `host`. */
export function connectionOptions(options: KafkaOptions, host: string): ConnectionOptions {
  const { ssl, sasl } = options;
  const tls = ssl === true ? {} : ssl || undefined;
  return {
    connectTimeout: timeoutsOf(options).connectionTimeoutMs,
    requestTimeout: NEVER_MS,
    maxInflights: MAX_IN_FLIGHT,
    ...(tls && { tls, tlsServerName: tls.servername ?? isIP(host) === 0 }),
    ...(sasl && { sasl: saslOf(sasl) }),
  };
}

function saslOf(sasl: SaslOptions): SASLOptions {
  switch (sasl.mechanism) {
    case 'plain':
      return { mechanism: 'PLAIN', username: sasl.username, password: sasl.password };
    case 'scram-sha-256':
      return { mechanism: 'SCRAM-SHA-256', username: sasl.username, password: sasl.password };
    case 'scram-sha-512':
      return { mechanism: 'SCRAM-SHA-512', username: sasl.username, password: sasl.password };
    case 'oauthbearer':
      return {
        mechanism: 'OAUTHBEARER',
        token: () => bearerToken(sasl),
        // Without it the client takes a refusal for a success.
        authBytesValidator: (answer, callback) => callback(bearerRefusal(answer) ?? null, answer),
      };
  }
}
