import { endToEnd } from '../message/end-to-end.js';
import { splitMessage } from '../message/head.js';
import { readStatusLine } from '../message/start-line.js';

export interface AnswerHead {
  status: number;
  statusText: string;
  /** Names and values by turns. */
  fields: string[];
}

/** The head of an answer, and the first bytes of its body. Raises MalformedMessage. */
export function readAnswer(message: Buffer): AnswerHead & { body: Buffer } {
  const { startLine, fields, body } = splitMessage(message);
  const { status, statusText } = readStatusLine(startLine);
  return { status, statusText, fields: endToEnd(fields), body };
}

/** By name: a header that comes more than once is a list. */
export function headerRecord(fields: readonly string[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {};
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at]!.toLowerCase();
    const value = fields[at + 1]!;
    const before = record[name];
    if (before === undefined) record[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else record[name] = [before, value];
  }
  return record;
}
