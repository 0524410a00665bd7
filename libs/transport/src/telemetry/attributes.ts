import type { Attributes } from '@opentelemetry/api';

/** The names of OpenTelemetry's conventions for messaging that are used here, and Parley's own beside them. */
export const ATTRIBUTES = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  messageId: 'messaging.message.id',
  conversation: 'messaging.message.conversation_id',
  batchCount: 'messaging.batch.message_count',
  key: 'messaging.kafka.message.key',
  offset: 'messaging.kafka.offset',
  errorType: 'error.type',
  /** What a path is in HTTP. */
  pattern: 'parley.pattern',
  /** Of a client: the service called; of a server and of figures: the process's own. */
  service: 'parley.service',
  /** From 2 on: how often the call was made again, or the event's handler run. */
  attempt: 'parley.attempt',
  /** Items of a reply. */
  items: 'parley.reply.items',
  /** Why a handler was stopped before its end. */
  stopped: 'parley.stopped',
} as const;

export type Operation = 'send' | 'receive' | 'process';

/** What every span and every figure of an operation on a topic says. */
export function operationOn(operation: Operation, destination?: string): Attributes {
  return {
    [ATTRIBUTES.system]: 'kafka',
    [ATTRIBUTES.operationName]: operation,
    [ATTRIBUTES.operationType]: operation,
    ...(destination !== undefined && { [ATTRIBUTES.destination]: destination }),
  };
}

/** `send user.calls users.find`; a topic that is its pattern's own is not followed by it. */
export function spanName(operation: Operation, destination: string | undefined, pattern = ''): string {
  if (destination === undefined) return `${operation} ${pattern}`;
  return destination.endsWith(pattern)
    ? `${operation} ${destination}`
    : `${operation} ${destination} ${pattern}`;
}
