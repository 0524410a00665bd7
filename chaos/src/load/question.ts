import { createHash } from 'node:crypto';

/** What a call asks for; it is the call's data, and tells all that its answer has to be. */
export interface Question {
  /** Which call this is: no other of the run has the same. */
  call: string;
  kind: CallKind;
  /** How long the handler takes, in ms. */
  takesMs?: number;
  /** How large the answer is, in bytes. */
  bytes?: number;
  /** How many items the stream has, and the ms between two. */
  items?: number;
  everyMs?: number;
}

/** The name of a kind is the pattern of its handler. */
export const CALL_KINDS = [
  'quick',
  'quick-idempotent',
  'slow',
  'slow-idempotent',
  'large',
  'stream',
  'stream-resumable',
] as const;
export type CallKind = (typeof CALL_KINDS)[number];

export function isStream({ kind }: Question): boolean {
  return kind === 'stream' || kind === 'stream-resumable';
}

/** What the one answer to a call has to be. */
export function answerTo({ call, bytes }: Question): string {
  return bytes === undefined ? `${call} is answered` : call.repeat(Math.ceil(bytes / call.length));
}

/** What an item of a stream has to be; they are counted from 0. */
export function itemOf({ call }: Question, n: number): string {
  return `${call} ${n}`;
}

/** How much of an answer is written down as it is. */
const PLAIN_LENGTH = 80;

/** An answer as it is written down: large ones, and those that are no text, by their hash. */
export function noted(answer: unknown): string {
  const text = typeof answer === 'string' ? answer : `${typeof answer} ${JSON.stringify(answer)}`;
  if (text.length <= PLAIN_LENGTH) return text;
  return `${text.length} characters, ${createHash('sha256').update(text).digest('hex')}`;
}
