import type { DriverError } from '../drivers/driver.js';
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
  if (error.kind === 'too-large') return { code: 'INVALID_ARGUMENT', message: error.message };
  if (error.kind === 'permanent') return { code: 'INTERNAL', message: error.message };
  return unavailable(error.message);
}

export function unavailable(message: string): Status {
  return { code: 'UNAVAILABLE', message };
}
