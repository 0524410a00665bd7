import type { LoggerService } from '@nestjs/common';
import { Kafka, logLevel } from 'kafkajs';
import type { KafkaConfig, Mechanism, RetryOptions, SASLOptions } from 'kafkajs';
import { bearerMessage, bearerRefusal, bearerToken } from '../sasl/bearer-token.js';
import { timeoutsOf } from '../kafka-options.js';
import type { KafkaOptions, OauthBearer, SaslOptions } from '../kafka-options.js';
import { kafkajsLog } from './logger.js';
import { socketFactory } from './socket.js';

/**
 * kafkajs's own retries, short: retries belong to the transport. All fields are given, since kafkajs takes other
 * defaults where NODE_ENV is `test`.
 */
const RETRY: RetryOptions = {
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  factor: 0.2,
  multiplier: 2,
  retries: 3,
};

/**
 * A kafkajs client. `ownTimeouts`: the caller bounds each request itself, so that kafkajs need not wake up ten
 * times a second for each connection.
 */
export function createKafka(
  options: KafkaOptions,
  logger: LoggerService,
  { ownTimeouts = false } = {},
): Kafka {
  const { connectionTimeoutMs, requestTimeoutMs } = timeoutsOf(options);
  const { brokers, clientId, ssl, sasl } = options;
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
    connectionTimeout: connectionTimeoutMs,
    authenticationTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: !ownTimeouts,
    retry: RETRY,
    socketFactory,
    logLevel: logLevel.WARN,
    logCreator: kafkajsLog(logger),
  };
  return new Kafka(config);
}

function saslOf(sasl: SaslOptions): SASLOptions | Mechanism {
  if (sasl.mechanism === 'oauthbearer') return bearer(sasl);
  const { mechanism, username, password } = sasl;
  const options: SASLOptions = { mechanism, username, password };
  return options;
}

/** In place of kafkajs's own, which takes a broker's refusal for a success. */
function bearer(sasl: OauthBearer): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => {
        const message = bearerMessage(await bearerToken(sasl));
        const refusal = await saslAuthenticate({
          request: { encode: () => Buffer.concat([lengthOf(message), message]) },
          response: { decode: answer => answer.subarray(LENGTH_BYTES), parse: bearerRefusal },
        });
        if (refusal) throw refusal;
      },
    }),
  };
}

/** Before all that passes through kafkajs's authentication: big-endian, as in Kafka's own messages. */
const LENGTH_BYTES = 4;

function lengthOf(message: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeInt32BE(message.length);
  return length;
}
