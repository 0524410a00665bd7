import { DriverError } from './driver.js';
import type { DriverErrorKind } from './driver.js';

export const NO_ERROR = 0;
export const OFFSET_OUT_OF_RANGE = 1;
export const UNKNOWN_TOPIC_OR_PARTITION = 3;
export const COORDINATOR_LOAD_IN_PROGRESS = 14;
export const COORDINATOR_NOT_AVAILABLE = 15;
export const NOT_COORDINATOR = 16;
export const ILLEGAL_GENERATION = 22;
export const UNKNOWN_MEMBER_ID = 25;
export const REBALANCE_IN_PROGRESS = 27;
export const TOPIC_AUTHORIZATION_FAILED = 29;
export const GROUP_AUTHORIZATION_FAILED = 30;
export const CLUSTER_AUTHORIZATION_FAILED = 31;
export const TOPIC_ALREADY_EXISTS = 36;
export const INVALID_PARTITIONS = 37;
export const NOT_CONTROLLER = 41;
export const MEMBER_ID_REQUIRED = 79;
export const FENCED_INSTANCE_ID = 82;

/** The broker refuses who this client says it is, by name, password or token. */
export const SASL_REFUSED = 'SASL_AUTHENTICATION_FAILED';
/** One end of the connection does not trust the other's certificate. */
export const TLS_REFUSED = 'TLS_HANDSHAKE_FAILED';

/** Whether a connection is refused for what it proved itself by: trying again helps once that has changed. */
export function isRefusedCredential(error: unknown): error is DriverError {
  return error instanceof DriverError && (error.code === SASL_REFUSED || error.code === TLS_REFUSED);
}

/** What Kafka calls its errors and how the sender acts on them. Codes not listed are taken as permanent. */
const ERRORS: Readonly<Record<number, readonly [name: string, kind: DriverErrorKind]>> = {
  [-1]: ['UNKNOWN_SERVER_ERROR', 'retriable'],
  [OFFSET_OUT_OF_RANGE]: ['OFFSET_OUT_OF_RANGE', 'permanent'],
  2: ['CORRUPT_MESSAGE', 'retriable'],
  [UNKNOWN_TOPIC_OR_PARTITION]: ['UNKNOWN_TOPIC_OR_PARTITION', 'stale'],
  5: ['LEADER_NOT_AVAILABLE', 'stale'],
  6: ['NOT_LEADER_OR_FOLLOWER', 'stale'],
  7: ['REQUEST_TIMED_OUT', 'retriable'],
  8: ['BROKER_NOT_AVAILABLE', 'stale'],
  9: ['REPLICA_NOT_AVAILABLE', 'stale'],
  10: ['MESSAGE_TOO_LARGE', 'too-large'],
  12: ['OFFSET_METADATA_TOO_LARGE', 'permanent'],
  13: ['NETWORK_EXCEPTION', 'stale'],
  [COORDINATOR_LOAD_IN_PROGRESS]: ['COORDINATOR_LOAD_IN_PROGRESS', 'retriable'],
  [COORDINATOR_NOT_AVAILABLE]: ['COORDINATOR_NOT_AVAILABLE', 'retriable'],
  [NOT_COORDINATOR]: ['NOT_COORDINATOR', 'stale'],
  17: ['INVALID_TOPIC_EXCEPTION', 'permanent'],
  18: ['RECORD_LIST_TOO_LARGE', 'too-large'],
  19: ['NOT_ENOUGH_REPLICAS', 'retriable'],
  20: ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'retriable'],
  21: ['INVALID_REQUIRED_ACKS', 'permanent'],
  [ILLEGAL_GENERATION]: ['ILLEGAL_GENERATION', 'permanent'],
  23: ['INCONSISTENT_GROUP_PROTOCOL', 'retriable'],
  24: ['INVALID_GROUP_ID', 'permanent'],
  [UNKNOWN_MEMBER_ID]: ['UNKNOWN_MEMBER_ID', 'permanent'],
  26: ['INVALID_SESSION_TIMEOUT', 'permanent'],
  [REBALANCE_IN_PROGRESS]: ['REBALANCE_IN_PROGRESS', 'retriable'],
  [TOPIC_AUTHORIZATION_FAILED]: ['TOPIC_AUTHORIZATION_FAILED', 'permanent'],
  [GROUP_AUTHORIZATION_FAILED]: ['GROUP_AUTHORIZATION_FAILED', 'permanent'],
  [CLUSTER_AUTHORIZATION_FAILED]: ['CLUSTER_AUTHORIZATION_FAILED', 'permanent'],
  32: ['INVALID_TIMESTAMP', 'rejected'],
  35: ['UNSUPPORTED_VERSION', 'permanent'],
  [TOPIC_ALREADY_EXISTS]: ['TOPIC_ALREADY_EXISTS', 'permanent'],
  [INVALID_PARTITIONS]: ['INVALID_PARTITIONS', 'permanent'],
  38: ['INVALID_REPLICATION_FACTOR', 'permanent'],
  39: ['INVALID_REPLICA_ASSIGNMENT', 'permanent'],
  40: ['INVALID_CONFIG', 'permanent'],
  [NOT_CONTROLLER]: ['NOT_CONTROLLER', 'stale'],
  42: ['INVALID_REQUEST', 'permanent'],
  43: ['UNSUPPORTED_FOR_MESSAGE_FORMAT', 'permanent'],
  44: ['POLICY_VIOLATION', 'permanent'],
  56: ['KAFKA_STORAGE_ERROR', 'stale'],
  60: ['REASSIGNMENT_IN_PROGRESS', 'retriable'],
  74: ['FENCED_LEADER_EPOCH', 'stale'],
  75: ['UNKNOWN_LEADER_EPOCH', 'stale'],
  76: ['UNSUPPORTED_COMPRESSION_TYPE', 'permanent'],
  [MEMBER_ID_REQUIRED]: ['MEMBER_ID_REQUIRED', 'retriable'],
  81: ['GROUP_MAX_SIZE_REACHED', 'retriable'],
  [FENCED_INSTANCE_ID]: ['FENCED_INSTANCE_ID', 'permanent'],
  87: ['INVALID_RECORD', 'rejected'],
  89: ['THROTTLING_QUOTA_EXCEEDED', 'retriable'],
  100: ['UNKNOWN_TOPIC_ID', 'stale'],
};

/** Whether the broker refuses what this client has no right to. */
export function isMissingRight(error: unknown): error is DriverError {
  return error instanceof DriverError && (error.code?.endsWith('_AUTHORIZATION_FAILED') ?? false);
}

/** An operation of Kafka's access rules. */
export type Right = 'Read' | 'Write' | 'Create' | 'Alter' | 'Describe';

/** The right that most requests lack which are refused so, what it is on, and what else would bring Describe. */
const LACKED: Readonly<Record<number, readonly [usually: Right, on: string, implied: string]>> = {
  [TOPIC_AUTHORIZATION_FAILED]: ['Describe', 'the topic', ', which Read and Write imply'],
  [GROUP_AUTHORIZATION_FAILED]: ['Read', 'the group', ', which Read implies'],
  [CLUSTER_AUTHORIZATION_FAILED]: ['Create', 'the cluster', ''],
};

/**
 * The error of a code that a broker answered with. `doing` begins the message, as "Producing to a[0]"; `needs` is
 * the right that it takes, named where the broker says that it is missing.
 */
export function brokerError(
  code: number,
  doing: string,
  { detail, needs }: { detail?: string | null; needs?: Right } = {},
): DriverError {
  const [name, kind] = ERRORS[code] ?? [`error ${code}`, 'permanent'];
  const lacked = LACKED[code];
  const words = lacked ? `: ${lackOf(lacked, needs)}` : detail ? `: ${detail}` : '';
  return new DriverError(kind, `${doing} failed with ${name}${words}`, name);
}

function lackOf([usually, on, implied]: readonly [Right, string, string], needs = usually): string {
  return `this client needs the right ${needs} on ${on}${needs === 'Describe' ? implied : ''}`;
}

/** A request that got no answer: refused, cut off or timed out. */
export function unanswered(doing: string, cause: unknown): DriverError {
  if (cause instanceof DriverError) return cause;
  return new DriverError('retriable', `${doing} got no answer: ${messageOf(cause)}`, undefined, {
    cause,
  });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error));
}
