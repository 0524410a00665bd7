import { count, id, shown, unword, word } from './line.js';
import { WireError } from './wire-error.js';

/** The one header that carries all protocol fields: a versioned, space-separated ASCII line. */
export const PARLEY_HEADER = 'parley';
export const WIRE_VERSION = '1';
/** The kind of a request whose data came ahead in parts. */
export const PARTED = 'parted-request';
/** What a dispatch hook attached to the packet, as JSON. */
export const METADATA_HEADER = 'parley-metadata';

/** The longest that a timer can wait, in ms: a caller that says that it waits longer is taken to wait so long. */
export const MAX_TIMEOUT_MS = 2_147_483_647;

/** A request's and an event's line, and an inbox record's, are never longer: patterns are limited to this. */
export const MAX_LINE_LENGTH = 4096;

/** A call's request, as it travels in the header of its record; the record's value is the encoded data. */
export interface RequestHeader {
  kind: 'request';
  callId: string;
  pattern: string;
  replyTo: InstanceAddress;
  /** Milliseconds the caller waits, counted from the record's append time. */
  timeoutMs: number;
  /** Items of reply the caller is ready for, counted from the start of the call. */
  credit: number;
  /** Bytes of reply the caller is ready for. */
  creditBytes: number;
  /** Items that an earlier execution has delivered already: the reply goes on from there. 0 for a whole reply. */
  resumeFrom: number;
  /** 1 for the first, counted up when the client sends a call again. */
  attempt: number;
  /** How the codec reads the value. */
  contentType: string;
  /** The id of the message that began the chain this one belongs to. */
  correlationId: string;
  /**
   * What the data weighs where it came ahead of this record, in parts; the record's value is empty then. Such a
   * header is of a kind of its own, so that a server which does not know parts leaves the request out.
   */
  partedBytes?: number;
  /** The caller has an upload for the handler, which asks for it. Default false. */
  upload?: boolean | undefined;
}

/** A stretch of a request's data, in the partition that its request follows in. */
export interface PartHeader {
  kind: 'part';
  callId: string;
  /** That of the request: one that is sent again comes with parts of its own. */
  attempt: number;
  /** Where in the data it begins, in bytes. */
  at: number;
  /** What the data weighs, in bytes. */
  size: number;
  /** As long as the caller waits, counted from the record's append time, its request may follow. In ms. */
  timeoutMs: number;
}

/** An event as it travels in the header of its record. */
export interface EventHeader {
  kind: 'event';
  messageId: string;
  pattern: string;
  contentType: string;
  correlationId: string;
}

/** An inbox record: frames for one instance. Others skip it undecoded. */
export interface FramesHeader {
  kind: 'frames';
  instance: string;
}

export type Header = RequestHeader | PartHeader | EventHeader | FramesHeader;

/** Where frames for an instance go. */
export interface InstanceAddress {
  topic: string;
  partition: number;
  instance: string;
}

export function encodeHeader(header: Header): string {
  switch (header.kind) {
    case 'request': {
      const { partedBytes, upload } = header;
      const kind = partedBytes === undefined ? 'request' : `${PARTED} ${partedBytes}`;
      // Joined: a template of so many parts leaves a tree of strings behind, eight times as large as the line.
      return [
        WIRE_VERSION,
        kind,
        header.callId,
        word(header.pattern),
        header.replyTo.topic,
        header.replyTo.partition,
        header.replyTo.instance,
        header.timeoutMs,
        header.credit,
        header.attempt,
        header.contentType,
        word(header.correlationId),
        header.creditBytes,
        upload ? `${header.resumeFrom} u` : header.resumeFrom,
      ].join(' ');
    }
    case 'part':
      return `${WIRE_VERSION} part ${header.callId} ${header.attempt} ${header.at} ${header.size} ${header.timeoutMs}`;
    case 'event':
      return `${WIRE_VERSION} event ${word(header.messageId)} ${word(header.pattern)} ${header.contentType} ${word(header.correlationId)}`;
    case 'frames':
      return `${WIRE_VERSION} frames ${header.instance}`;
  }
}

const PARTS = Buffer.from(`${WIRE_VERSION} part`);

/** Whether the line is that of a part, or of a request whose data came in parts; tells it without decoding. */
export function hasParts(line: Buffer): boolean {
  return line[2] === PARTS[2] && line.subarray(0, PARTS.length).equals(PARTS);
}

/** Raises WireError for a line that is not of this protocol or of a version this process cannot read. */
export function decodeHeader(line: Buffer): Header {
  if (line.length > MAX_LINE_LENGTH)
    throw new WireError(`a header of ${line.length} bytes; the limit is ${MAX_LINE_LENGTH}`);
  const fields = line.toString('latin1').split(' ');
  if (fields[0] !== WIRE_VERSION) {
    throw new WireError(`protocol version ${shown(fields[0])}; this process speaks ${WIRE_VERSION}`);
  }
  switch (fields[1]) {
    case 'request':
      return request(fields);
    case PARTED:
      return { ...request(fields.toSpliced(2, 1)), partedBytes: count(fields[2], 'size') };
    case 'part':
      return {
        kind: 'part',
        callId: id(fields[2], 'call id'),
        attempt: count(fields[3], 'attempt'),
        at: count(fields[4], 'place'),
        size: count(fields[5], 'size'),
        timeoutMs: timeout(fields[6]),
      };
    case 'event':
      return {
        kind: 'event',
        messageId: unword(fields[2], 'message id'),
        pattern: unword(fields[3], 'pattern'),
        contentType: contentType(fields[4]),
        correlationId: unword(fields[5], 'correlation id'),
      };
    case 'frames':
      return { kind: 'frames', instance: id(fields[2], 'instance') };
    default:
      throw new WireError(`unknown record kind ${shown(fields[1])}`);
  }
}

function request(fields: readonly string[]): RequestHeader {
  return {
    kind: 'request',
    callId: id(fields[2], 'call id'),
    pattern: unword(fields[3], 'pattern'),
    replyTo: {
      topic: topic(fields[4]),
      partition: count(fields[5], 'partition'),
      instance: id(fields[6], 'instance'),
    },
    timeoutMs: timeout(fields[7]),
    credit: count(fields[8], 'credit'),
    attempt: count(fields[9], 'attempt'),
    contentType: contentType(fields[10]),
    correlationId: unword(fields[11], 'correlation id'),
    creditBytes: count(fields[12], 'byte credit'),
    resumeFrom: count(fields[13], 'resume point'),
    upload: fields[14] === 'u' || undefined,
  };
}

const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;

function topic(text: string | undefined): string {
  if (text === undefined || !TOPIC.test(text))
    throw new WireError(`reply topic ${shown(text)} is not a topic name`);
  return text;
}

function timeout(text: string | undefined): number {
  return Math.min(count(text, 'timeout'), MAX_TIMEOUT_MS);
}

function contentType(text: string | undefined): string {
  if (text?.length !== 1) throw new WireError(`content type ${shown(text)} is not one character`);
  return text;
}
