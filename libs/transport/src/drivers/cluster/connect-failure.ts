import { DriverError } from '../driver.js';
import { messageOf, SASL_REFUSED, TLS_REFUSED } from '../errors.js';
import type { KafkaOptions } from '../kafka-options.js';
import type { BrokerAddress } from './broker-address.js';

/** What a client tried to prove itself by. Secrets are not looked at. */
type Tried = Pick<KafkaOptions, 'ssl' | 'sasl'>;

interface Finding {
  words: string;
  code?: string;
}

/**
 * What became of a connection that did not open, whichever client says so. Its code is SASL_REFUSED or TLS_REFUSED where
 * it will be refused for as long as the options are what they are, or what the broker makes of them: worth another try
 * to whoever runs already, but not to whoever starts. Tells which option to look at, and the value of none.
 */
export function connectFailure({ host, port }: BrokerAddress, cause: unknown, tried: Tried): DriverError {
  const chain = chainOf(cause);
  const { words, code } =
    ours(chain) ?? ofTls(chain) ?? ofSilence(chain, tried) ?? ofSasl(chain, tried) ?? last(chain);
  return new DriverError('retriable', `No connection to ${host}:${port}: ${words}`, code, { cause });
}

/** Of an error, what each client has of it, in a shape of its own. */
interface Cause {
  name?: string;
  message: string;
  /** Node's, OpenSSL's or platformatic's name of it; kafkajs has Kafka's number there. */
  code?: unknown;
  /** Kafka's name of it, as kafkajs has it. */
  type?: string;
  /** Kafka's name of it, as platformatic has it. */
  apiId?: string;
  serverErrorMessage?: string | null;
  cause?: unknown;
  errors?: readonly unknown[];
}

/** No error has as many causes, unless it is its own. */
const LONGEST_CHAIN = 10;

/** An error and what caused it, the outermost first. */
function chainOf(cause: unknown): Cause[] {
  const chain: Cause[] = [];
  let next = cause;
  while (next !== undefined && next !== null && chain.length < LONGEST_CHAIN) {
    const error: Cause = next instanceof Error ? next : { message: messageOf(next) };
    chain.push(error);
    next = error.cause ?? error.errors?.[0];
  }
  return chain;
}

function ours(chain: readonly Cause[]): Finding | undefined {
  const error = chain.find(each => each instanceof DriverError);
  return error && { words: error.message, code: error.code };
}

const DISTRUST = new Set<unknown>([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
/** As OpenSSL says what the other end has against this one: `...:sslv3 alert bad certificate:...`. */
const ALERT = /\balert (?<words>[a-z ]+[a-z])/;

function ofTls(chain: readonly Cause[]): Finding | undefined {
  for (const { code, message } of chain) {
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
      return tls(`the broker's certificate is for another name: set kafka.ssl.servername (${message})`);
    if (DISTRUST.has(code))
      return tls(`the broker's certificate is not trusted (${message}): is who signed it in kafka.ssl.ca?`);
    const alert = message.includes('SSL') ? ALERT.exec(message)?.groups?.['words'] : undefined;
    if (alert)
      return tls(`the broker refuses this client in TLS: check kafka.ssl.cert and kafka.ssl.key (${alert})`);
    if (/before secure TLS connection/.test(message))
      return { words: 'it was cut off before TLS began: check that this port of the broker speaks TLS' };
  }
  return undefined;
}

function tls(words: string): Finding {
  return { words, code: TLS_REFUSED };
}

/** A broker that is spoken to in a way that it does not expect hangs up. */
function ofSilence(chain: readonly Cause[], { ssl, sasl }: Tried): Finding | undefined {
  const { code, message = '' } = chain.at(-1) ?? {};
  if (code !== 'ECONNRESET' && code !== 'EPIPE' && !/connection closed|closed connection/i.test(message))
    return undefined;
  const missing = [...(ssl ? [] : ['TLS (kafka.ssl)']), ...(sasl ? [] : ['SASL (kafka.sasl)'])];
  const ask = missing.length > 0 ? `: does this port ask for ${missing.join(' or ')}?` : '';
  return { words: `the broker closed it without an answer${ask}` };
}

const SASL_ERRORS = new Set<unknown>([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
]);
const SASL_NAMES = new Set<unknown>(['KafkaJSSASLAuthenticationError', 'PLT_KFK_AUTHENTICATION']);

function ofSasl(chain: readonly Cause[], { sasl }: Tried): Finding | undefined {
  const ofBroker = chain.find(({ type, apiId }) => SASL_ERRORS.has(type) || SASL_ERRORS.has(apiId));
  const refusal =
    ofBroker ?? chain.findLast(({ name, code }) => SASL_NAMES.has(name) || SASL_NAMES.has(code));
  if (!refusal || !sasl) return undefined;
  const kind = refusal.type ?? refusal.apiId;
  const words =
    kind === 'UNSUPPORTED_SASL_MECHANISM' || kind === 'ILLEGAL_SASL_STATE'
      ? `this port of the broker does not take ${sasl.mechanism}: check kafka.sasl.mechanism and the port`
      : `the broker refuses what kafka.sasl gives for ${sasl.mechanism}: ${refusal.serverErrorMessage ?? refusal.message}`;
  return { words, code: SASL_REFUSED };
}

function last(chain: readonly Cause[]): Finding {
  return { words: chain.at(-1)?.message ?? 'it did not open' };
}
