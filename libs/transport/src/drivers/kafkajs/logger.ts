import type { LoggerService } from '@nestjs/common';
import { logLevel } from 'kafkajs';
import type { logCreator, LogEntry } from 'kafkajs';

/** What may be told of an entry besides its message. Everything else might hold payloads or secrets. */
const TOLD_FIELDS = ['broker', 'groupId', 'memberId', 'topic', 'partition', 'apiName'] as const;

/** Reported as errors though they belong to an ordinary day. */
const ORDINARY = /rebalanc|member.*not in the current generation|is not aware of this member/i;
/** Told at every try. The driver's rejections and events tell what comes of it, once. */
const CONNECTIVITY = new Set(['Connection', 'BrokerPool', 'Cluster', 'RequestQueue']);

const CONTEXT = 'ParleyKafka';

/** Sends kafkajs's own log, from warnings up, to a Nest logger. */
export function kafkajsLog(logger: LoggerService): logCreator {
  return () => entry => {
    const text = describe(entry);
    if (entry.level > logLevel.WARN || isOrdinary(entry)) logger.debug?.(text, CONTEXT);
    else if (entry.level === logLevel.WARN) logger.warn(text, CONTEXT);
    else logger.error(text, undefined, CONTEXT);
  };
}

function isOrdinary({ namespace, log }: LogEntry): boolean {
  return (
    CONNECTIVITY.has(namespace) || namespace.startsWith('SaslAuthenticator') || ORDINARY.test(log.message)
  );
}

function describe({ namespace, log }: LogEntry): string {
  const fields: string[] = [];
  for (const name of TOLD_FIELDS) {
    const value: unknown = log[name];
    if (typeof value === 'string' || typeof value === 'number') fields.push(`${name}=${value}`);
  }
  const suffix = fields.length > 0 ? ` (${fields.join(', ')})` : '';
  return `kafkajs ${namespace}: ${log.message}${suffix}`;
}
