import { inspect } from 'node:util';
import type { HeaderValue } from '../drivers/driver.js';
import { WireError } from '../wire/wire-error.js';
import { time, wholeNumber } from './header-text.js';

/**
 * The headers that a dead letter adds to those its record had. All are text; numbers are decimal, times ISO 8601.
 * A header of the same name that the record came with is overwritten or left out.
 */
export const DEAD_LETTER_HEADERS = {
  /** The service whose handler failed. */
  service: 'parley-dead-service',
  /** Which of the service's handlers of the event failed; absent where the record reached none. */
  handler: 'parley-dead-handler',
  /** Where the event was first read: its own topic, also where it has been on retry topics since. */
  topic: 'parley-dead-topic',
  partition: 'parley-dead-partition',
  offset: 'parley-dead-offset',
  /** Runs of the handler in all; 0 for a record that no handler can be given. */
  attempts: 'parley-dead-attempts',
  /** The class of what was thrown last, such as `TypeError`. */
  causeName: 'parley-dead-cause-name',
  /** Its message, 1,000 characters at most. */
  causeMessage: 'parley-dead-cause-message',
  /** Its stack, 4,000 characters at most; absent where it had none. */
  stack: 'parley-dead-stack',
  /** When the handler failed first. */
  firstFailedAt: 'parley-dead-first-failed-at',
  /** When it was given up. */
  at: 'parley-dead-at',
  /** What of the record was left out because the topic took no more: `headers`, `value`, `key`, by comma. */
  omitted: 'parley-dead-omitted',
} as const;

const PREFIX = 'parley-dead-';

/** They are for people, and headers are not for storage. */
const MAX_MESSAGE_LENGTH = 1000;
const MAX_STACK_LENGTH = 4000;

/** A record without a place: the sender's user picks the partition. */
export interface Letter {
  key: Buffer | null;
  value: Buffer | null;
  headers: Readonly<Record<string, HeaderValue>>;
}

/** Where an event was first read. */
export interface Origin {
  topic: string;
  partition: number;
  offset: number;
}

/** How an event came to be given up. */
export interface Death {
  service: string;
  handler: string | undefined;
  origin: Origin;
  attempts: number;
  cause: unknown;
  firstFailedAt: Date;
  at: Date;
}

/** The parts of a record that a letter may have to go without. */
export type LetterPart = 'headers' | 'value' | 'key';

/** A dead letter as its reader sees it. */
export interface DeadLetter {
  service: string;
  handler: string | undefined;
  origin: Origin;
  attempts: number;
  cause: { name: string; message: string; stack: string | undefined };
  firstFailedAt: Date;
  at: Date;
  /** What is missing of the record: such a letter can be looked at, but not handled again as it was. */
  omitted: readonly LetterPart[];
  /** The record as it was when it was first read, without the headers of its death. */
  record: Letter;
}

/** The record as it was, with where it came from and why it could not be handled. */
export function deadLetter(record: Letter, death: Death): Letter {
  const { origin, cause } = death;
  const { name, message, stack } = causeOf(cause);
  return {
    key: record.key,
    value: record.value,
    headers: {
      ...withoutDeath(record.headers),
      [DEAD_LETTER_HEADERS.service]: death.service,
      ...(death.handler !== undefined && { [DEAD_LETTER_HEADERS.handler]: death.handler }),
      [DEAD_LETTER_HEADERS.topic]: origin.topic,
      [DEAD_LETTER_HEADERS.partition]: String(origin.partition),
      [DEAD_LETTER_HEADERS.offset]: String(origin.offset),
      [DEAD_LETTER_HEADERS.attempts]: String(death.attempts),
      [DEAD_LETTER_HEADERS.causeName]: name.slice(0, MAX_MESSAGE_LENGTH),
      [DEAD_LETTER_HEADERS.causeMessage]: message.slice(0, MAX_MESSAGE_LENGTH),
      ...(stack !== undefined && { [DEAD_LETTER_HEADERS.stack]: stack.slice(0, MAX_STACK_LENGTH) }),
      [DEAD_LETTER_HEADERS.firstFailedAt]: death.firstFailedAt.toISOString(),
      [DEAD_LETTER_HEADERS.at]: death.at.toISOString(),
    },
  };
}

/** The letter without some of its record, for a topic that does not take it whole. */
export function lighterLetter(letter: Letter, omitted: readonly LetterPart[]): Letter {
  const { [DEAD_LETTER_HEADERS.stack]: _stack, ...headers } = letter.headers;
  return {
    key: omitted.includes('key') ? null : letter.key,
    value: omitted.includes('value') ? null : letter.value,
    headers: {
      ...(omitted.includes('headers')
        ? Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith(PREFIX)))
        : headers),
      ...(omitted.length > 0 && { [DEAD_LETTER_HEADERS.omitted]: omitted.join(',') }),
    },
  };
}

/** What a record of a dead letter topic says; undefined where it is no dead letter, whoever wrote it. */
export function readDeadLetter(record: Letter): DeadLetter | undefined {
  const said = (name: keyof typeof DEAD_LETTER_HEADERS) =>
    record.headers[DEAD_LETTER_HEADERS[name]]?.toString();
  const service = said('service');
  const topic = said('topic');
  const partition = wholeNumber(said('partition'));
  const offset = wholeNumber(said('offset'));
  const attempts = wholeNumber(said('attempts'));
  const firstFailedAt = time(said('firstFailedAt'));
  const at = time(said('at'));
  if (service === undefined || topic === undefined || partition === undefined || offset === undefined) return;
  if (attempts === undefined || firstFailedAt === undefined || at === undefined) return;
  return {
    service,
    handler: said('handler'),
    origin: { topic, partition, offset },
    attempts,
    cause: { name: said('causeName') ?? '', message: said('causeMessage') ?? '', stack: said('stack') },
    firstFailedAt,
    at,
    omitted: (said('omitted') ?? '').split(',').filter(isLetterPart),
    record: { key: record.key, value: record.value, headers: withoutDeath(record.headers) },
  };
}

/** What was thrown, as text: anything can be, and an error's fields can hold anything. Never raises. */
export function causeOf(thrown: unknown): { name: string; message: string; stack: string | undefined } {
  const { name, message, stack } = (thrown instanceof Error ? thrown : {}) as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name : thrown instanceof Error ? 'Error' : typeof thrown,
    message: typeof message === 'string' ? message : shown(thrown),
    stack: typeof stack === 'string' && !(thrown instanceof WireError) ? stack : undefined,
  };
}

function shown(value: unknown): string {
  try {
    return typeof value === 'string' ? value : inspect(value, { depth: 1, maxStringLength: 200 });
  } catch {
    return 'a value that cannot be shown';
  }
}

function withoutDeath(headers: Letter['headers']): Record<string, HeaderValue> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(PREFIX)));
}

function isLetterPart(text: string): text is LetterPart {
  return text === 'headers' || text === 'value' || text === 'key';
}
