import { count, id, shown, unword, word } from './line.js';
import { isStatusCode, type StatusCode } from './status.js';
import { WireError } from './wire-error.js';

/** What every frame but a pulse names. */
interface OfCall {
  callId: string;
  execution: string;
}

/** Server to client: an execution has begun, and this is where its credit and cancel go. */
export interface AcceptFrame extends OfCall {
  kind: 'accept';
  partition: number;
  instance: string;
  /** Of AcceptFlag, a letter each; `-` for none. */
  flags: string;
  /** The service that the server is an instance of. */
  service: string;
}

/**
 * `idempotent`: the request may be sent again. `resumable`: a stream may be gone on with by another execution.
 * `redelivered`: the request may have run before; it runs when the client grants it credit.
 */
export type AcceptFlag = 'idempotent' | 'resumable' | 'redelivered';

const FLAG_LETTERS: Readonly<Record<AcceptFlag, string>> = {
  idempotent: 'i',
  resumable: 'r',
  redelivered: 'd',
};

export function acceptFlags(flags: readonly AcceptFlag[]): string {
  return flags.map(flag => FLAG_LETTERS[flag]).join('') || '-';
}

export function acceptIs(frame: AcceptFrame, flag: AcceptFlag): boolean {
  return frame.flags.includes(FLAG_LETTERS[flag]);
}

/** Server to client: items of the reply, the first of them number `seq` (from 0). */
export interface NextFrame extends OfCall {
  kind: 'next';
  seq: number;
  items: readonly Buffer[];
}

/**
 * Server to client: a stretch of item number `seq`, which is too large for one record. `at` is where it begins, `size`
 * what the item weighs, in bytes. The item has come once all of it has; a client that does not know this frame misses
 * the item, and says so.
 */
export interface PartFrame extends OfCall {
  kind: 'part';
  seq: number;
  at: number;
  size: number;
  bytes: Buffer;
}

/** Server to client: the reply is whole. `items` are its last ones, so that a unary reply is this one frame. */
export interface CompleteFrame extends OfCall {
  kind: 'complete';
  total: number;
  items: readonly Buffer[];
}

/** Server to client: the call ended with this status after `total` items. The payload is a status body. */
export interface ErrorFrame extends OfCall {
  kind: 'error';
  total: number;
  code: StatusCode;
  /** The server gave the call up because it stops: another instance may take it on. */
  draining: boolean;
  body: Buffer;
}

/**
 * Server to client: the handler takes the upload of its request. It is sent as the reply to a call of the id `uploadId`,
 * whose client is the server; it is to go there, and this is what that is ready for.
 */
export interface AskFrame extends OfCall {
  kind: 'ask';
  uploadId: string;
  partition: number;
  instance: string;
  items: number;
  bytes: number;
}

/**
 * Client to server: what the client is ready for. `items` counts from the start of the call, `bytes` from the start
 * of the execution. The first one also says that the client holds the execution: it is what a redelivered request
 * waits for.
 */
export interface CreditFrame extends OfCall {
  kind: 'credit';
  items: number;
  bytes: number;
}

/** Client to server: nobody waits for this execution any more. */
export interface CancelFrame extends OfCall {
  kind: 'cancel';
  reason: string;
}

/**
 * Either way, regularly: the executions that the sender holds together with the receiver. A receiver that holds
 * others answers with its own, listed.
 */
export interface PulseFrame {
  kind: 'pulse';
  /** Which side of these calls the sender is. */
  role: Role;
  instance: string;
  /** How long until the sender's next pulse, in ms. */
  intervalMs: number;
  count: number;
  /** The exclusive or of the executions' digests. */
  digest: string;
  /** The executions themselves, once the two sides have differed. */
  executions?: readonly string[];
}

/** Executions in one list at most, so that it fits in a record; beyond it sides that differ go by silence alone. */
export const MAX_LISTED = 40_000;

export type Role = 'client' | 'server';

export type ServerFrame = AcceptFrame | AskFrame | NextFrame | PartFrame | CompleteFrame | ErrorFrame;
export type ClientFrame = CreditFrame | CancelFrame;
export type Frame = ServerFrame | ClientFrame | PulseFrame;

/** Before each frame: the line's length in two bytes, the payload's in four. Before each item: its length in four. */
const FRAME_PREFIX = 6;
const ITEM_PREFIX = 4;
const NO_ITEMS: readonly Buffer[] = [];
const NO_BYTES = Buffer.alloc(0);

/** One frame as bytes: length-prefixed line, length-prefixed payload. Frames of a record follow one another. */
export function encodeFrame(frame: Frame): Buffer {
  if (frame.kind === 'pulse') return encodePulse(frame);
  const of = `${frame.callId} ${frame.execution}`;
  switch (frame.kind) {
    case 'accept':
      return withPayload(
        `accept ${of} ${frame.partition} ${frame.instance} ${frame.flags} ${frame.service}`,
        NO_BYTES,
      );
    case 'ask': {
      const { uploadId, partition, instance, items, bytes } = frame;
      return withPayload(`ask ${of} ${uploadId} ${partition} ${instance} ${items} ${bytes}`, NO_BYTES);
    }
    case 'next':
      return withItems(`next ${of} ${frame.seq} ${frame.items.length}`, frame.items);
    case 'part':
      return withPayload(`part ${of} ${frame.seq} ${frame.at} ${frame.size}`, frame.bytes);
    case 'complete':
      return withItems(`complete ${of} ${frame.total} ${frame.items.length}`, frame.items);
    case 'error':
      return withPayload(
        `error ${of} ${frame.total} ${frame.code} ${frame.draining ? 'd' : '-'}`,
        frame.body,
      );
    case 'credit':
      return withPayload(`credit ${of} ${frame.items} ${frame.bytes}`, NO_BYTES);
    case 'cancel':
      return withPayload(`cancel ${of} ${word(frame.reason)}`, NO_BYTES);
  }
}

function encodePulse({ role, instance, intervalMs, count, digest, executions }: PulseFrame): Buffer {
  const line = `pulse ${role} ${instance} ${intervalMs} ${count} ${digest} ${executions ? 'l' : '-'}`;
  return withPayload(line, executions ? Buffer.from(executions.join(' '), 'latin1') : NO_BYTES);
}

function withPayload(line: string, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_PREFIX + line.length + payload.length);
  writePrefix(frame, line, payload.length);
  frame.set(payload, FRAME_PREFIX + line.length);
  return frame;
}

function withItems(line: string, items: readonly Buffer[]): Buffer {
  let payload = 0;
  for (const item of items) payload += ITEM_PREFIX + item.length;
  const frame = Buffer.allocUnsafe(FRAME_PREFIX + line.length + payload);
  writePrefix(frame, line, payload);
  let at = FRAME_PREFIX + line.length;
  for (const item of items) {
    at = frame.writeUInt32BE(item.length, at);
    frame.set(item, at);
    at += item.length;
  }
  return frame;
}

function writePrefix(frame: Buffer, line: string, payload: number): void {
  frame.writeUInt16BE(line.length, 0);
  frame.writeUInt32BE(payload, 2);
  frame.write(line, FRAME_PREFIX, 'latin1');
}

/**
 * The frames of an inbox record's value. Kinds this process does not know are left out, so that newer peers can
 * say more. Raises WireError where the bytes are no frames; the items are views of `value`, not copies.
 */
export function decodeFrames(value: Buffer): Frame[] {
  const frames: Frame[] = [];
  let at = 0;
  while (at < value.length) {
    if (at + FRAME_PREFIX > value.length) throw new WireError(`a frame is cut off at byte ${at}`);
    const lineEnd = at + FRAME_PREFIX + value.readUInt16BE(at);
    const end = lineEnd + value.readUInt32BE(at + 2);
    if (end > value.length)
      throw new WireError(`a frame at byte ${at} claims ${end - at} bytes, ${value.length - at} are there`);
    const fields = value.toString('latin1', at + FRAME_PREFIX, lineEnd).split(' ');
    const frame = decodeFrame(fields, value.subarray(lineEnd, end));
    if (frame) frames.push(frame);
    at = end;
  }
  return frames;
}

function decodeFrame(fields: readonly string[], payload: Buffer): Frame | undefined {
  const kind = fields[0];
  switch (kind) {
    case 'accept':
      return {
        kind,
        ...ofCall(fields),
        partition: count(fields[3], 'partition'),
        instance: id(fields[4], 'instance'),
        flags: unword(fields[5], 'flags'),
        service: unword(fields[6], 'service'),
      };
    case 'ask':
      return {
        kind,
        ...ofCall(fields),
        uploadId: id(fields[3], 'upload id'),
        partition: count(fields[4], 'partition'),
        instance: id(fields[5], 'instance'),
        items: count(fields[6], 'credit'),
        bytes: count(fields[7], 'byte credit'),
      };
    case 'next':
      return {
        kind,
        ...ofCall(fields),
        seq: count(fields[3], 'sequence number'),
        items: items(count(fields[4], 'item count'), payload),
      };
    case 'part':
      return {
        kind,
        ...ofCall(fields),
        seq: count(fields[3], 'sequence number'),
        at: count(fields[4], 'place'),
        size: count(fields[5], 'size'),
        bytes: payload,
      };
    case 'complete':
      return { kind, ...ofCall(fields), ...ending(fields, payload) };
    case 'error':
      return {
        kind,
        ...ofCall(fields),
        total: count(fields[3], 'total'),
        code: statusCode(fields[4]),
        draining: fields[5] === 'd',
        body: payload,
      };
    case 'credit':
      return {
        kind,
        ...ofCall(fields),
        items: count(fields[3], 'credit'),
        bytes: count(fields[4], 'byte credit'),
      };
    case 'cancel':
      return { kind, ...ofCall(fields), reason: unword(fields[3], 'reason') };
    case 'pulse':
      return decodePulse(fields, payload);
    default:
      return undefined;
  }
}

function decodePulse(fields: readonly string[], payload: Buffer): PulseFrame {
  const role = fields[1];
  if (role !== 'client' && role !== 'server') throw new WireError(`a pulse of role ${shown(role)}`);
  // As many as there can be and one, so that a longer list is not made.
  const list = payload.length === 0 ? [] : payload.toString('latin1').split(' ', MAX_LISTED + 1);
  if (list.length > MAX_LISTED) throw new WireError(`a pulse lists more than ${MAX_LISTED} executions`);
  return {
    kind: 'pulse',
    role,
    instance: id(fields[2], 'instance'),
    intervalMs: count(fields[3], 'interval'),
    count: count(fields[4], 'execution count'),
    digest: id(fields[5], 'digest'),
    ...(fields[6] === 'l' && { executions: list.map(text => id(text, 'execution id')) }),
  };
}

function ofCall(fields: readonly string[]): OfCall {
  return { callId: id(fields[1], 'call id'), execution: id(fields[2], 'execution id') };
}

function ending(fields: readonly string[], payload: Buffer): { total: number; items: readonly Buffer[] } {
  const total = count(fields[3], 'total');
  const last = items(count(fields[4], 'item count'), payload);
  if (last.length > total) throw new WireError(`a complete frame of ${total} items brings ${last.length}`);
  return { total, items: last };
}

function items(expected: number, payload: Buffer): readonly Buffer[] {
  if (expected === 0) return NO_ITEMS;
  if (expected > payload.length / ITEM_PREFIX)
    throw new WireError(`${expected} items claimed in ${payload.length} bytes`);
  const found: Buffer[] = [];
  let at = 0;
  while (at < payload.length) {
    if (at + ITEM_PREFIX > payload.length) throw new WireError(`item ${found.length} is cut off`);
    const end = at + ITEM_PREFIX + payload.readUInt32BE(at);
    if (end > payload.length) throw new WireError(`item ${found.length} is cut off`);
    found.push(payload.subarray(at + ITEM_PREFIX, end));
    at = end;
  }
  if (found.length !== expected) throw new WireError(`${expected} items claimed, ${found.length} found`);
  return found;
}

function statusCode(text: string | undefined): StatusCode {
  if (!isStatusCode(text)) return 'UNKNOWN';
  return text;
}
