import { DriverError } from '../drivers/driver.js';
import type { Status } from '../wire/status.js';

/** The status a caller sees for what the Kafka client or the broker said. */
export function statusOfDriverError(error: DriverError): Status {
  switch (error.code) {
    case 'UNKNOWN_TOPIC_OR_PARTITION':
      return { code: 'NOT_FOUND', message: error.message };
    case 'TOPIC_AUTHORIZATION_FAILED':
    case 'CLUSTER_AUTHORIZATION_FAILED':
    case 'GROUP_AUTHORIZATION_FAILED':
      return { code: 'PERMISSION_DENIED', message: error.message };
  }
  if (error.kind === 'too-large' || error.kind === 'rejected')
    return { code: 'INVALID_ARGUMENT', message: error.message };
  if (error.kind === 'permanent') return { code: 'INTERNAL', message: error.message };
  return unavailable(error.message);
}

export function unavailable(message: string): Status {
  return { code: 'UNAVAILABLE', message };
}

interface Place {
  topic: string;
  partition: number;
}

/** Whatever a driver threw; what it did not make itself may be tried again. */
export function asDriverError(error: unknown): DriverError {
  if (error instanceof DriverError) return error;
  return new DriverError('retriable', error instanceof Error ? error.message : String(error), undefined, {
    cause: error,
  });
}

export function unknownPartition({ topic, partition }: Place, known: number): DriverError {
  const what =
    known === 0
      ? `topic ${topic} does not exist`
      : `topic ${topic} has no partition ${partition}, it has ${known}`;
  return new DriverError('stale', what, 'UNKNOWN_TOPIC_OR_PARTITION');
}

export function leaderless({ topic, partition }: Place): DriverError {
  return new DriverError(
    'retriable',
    `partition ${partition} of ${topic} has no leader`,
    'LEADER_NOT_AVAILABLE',
  );
}
