import { KafkaHeaders } from '@nestjs/microservices';

/** The headers by which Nest's built-in transport makes calls of records. */
export const NEST_HEADERS = {
  correlationId: KafkaHeaders.CORRELATION_ID,
  replyTopic: KafkaHeaders.REPLY_TOPIC,
  replyPartition: KafkaHeaders.REPLY_PARTITION,
  error: KafkaHeaders.NEST_ERR,
  isDisposed: KafkaHeaders.NEST_IS_DISPOSED,
} as const;

/** Where a caller that uses the built-in wants its answer. */
export interface NestReplyAddress {
  correlationId: string;
  topic: string;
  partition: number;
}

/** As a request says it: one that names no partition is answered on any, which the built-in leaves to its producer. */
export interface AskedReplyAddress extends Omit<NestReplyAddress, 'partition'> {
  partition: number | undefined;
}

/** Longer ones are no id of the built-in's, which has 21 characters. */
const MAX_ID_LENGTH = 256;
const PARTITION = /^\d{1,9}$/;

/**
 * Where a request is to be answered; undefined for a record that asks for no answer. Raises TypeError for one that asks
 * for it at an address that is none.
 */
export function nestReplyAddress(headers: Readonly<Record<string, Buffer>>): AskedReplyAddress | undefined {
  const correlationId = headers[NEST_HEADERS.correlationId]?.toString();
  const topic = headers[NEST_HEADERS.replyTopic]?.toString();
  if (!correlationId || !topic) return undefined;
  if (correlationId.length > MAX_ID_LENGTH) {
    throw new TypeError(
      `its correlation id has ${correlationId.length} characters, more than ${MAX_ID_LENGTH}`,
    );
  }
  const partition = headers[NEST_HEADERS.replyPartition]?.toString();
  if (partition === undefined) return { correlationId, topic, partition };
  if (!PARTITION.test(partition)) {
    throw new TypeError(`its reply partition is ${JSON.stringify(partition.slice(0, 40))}`);
  }
  return { correlationId, topic, partition: Number(partition) };
}
