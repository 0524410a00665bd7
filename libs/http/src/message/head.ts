/** Beyond it a head is refused, as Node's own servers and clients do (`http.maxHeaderSize`). In bytes. */
export const MAX_HEAD_BYTES = 16 * 1024;
/** Header lines beyond which a head is refused, as by `server.maxHeadersCount`. */
export const MAX_FIELDS = 2000;

const END_OF_HEAD = '\r\n\r\n';
const END_OF_LINE = '\r\n';
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Printable ASCII and what ISO-8859-1 adds to it: never a line break, which would begin another header. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Not what String.trim knows as blank: a byte of 0xA0 belongs to the value. */
const OUTER_BLANKS = /^[ \t]+|[ \t]+$/g;

/**
 * What is above the body in a message of HTTP/1.1. `fields` are names and values by turns, in the order in which they
 * were sent, as in Node's `rawHeaders`.
 */
export interface Head {
  startLine: string;
  fields: string[];
}

/** A message that is no HTTP; `status` is what a server answers to such a one. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';

  constructor(
    message: string,
    readonly status: 400 | 431 = 400,
  ) {
    super(message);
  }
}

/** The bytes of a message. Raises MalformedMessage for a name or value that HTTP cannot carry. */
export function joinMessage({ startLine, fields }: Head, body: Buffer): Buffer {
  let text = startLine + END_OF_LINE;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at]!;
    const value = fields[at + 1]!;
    if (!TOKEN.test(name)) throw new MalformedMessage(`${JSON.stringify(name)} is no name of a header`);
    if (!VALUE.test(value)) {
      throw new MalformedMessage(
        `the value of header ${name} holds a line break or a character above U+00FF`,
      );
    }
    text += `${name}: ${value}${END_OF_LINE}`;
  }
  text += END_OF_LINE;
  if (text.length > MAX_HEAD_BYTES) {
    throw new MalformedMessage(`the headers weigh ${text.length} bytes of ${MAX_HEAD_BYTES}`, 431);
  }
  const message = Buffer.allocUnsafe(text.length + body.length);
  message.write(text, 'latin1');
  message.set(body, text.length);
  return message;
}

/** A message's head, and the bytes below it. Raises MalformedMessage. */
export function splitMessage(message: Buffer): Head & { body: Buffer } {
  const end = message.subarray(0, MAX_HEAD_BYTES).indexOf(END_OF_HEAD);
  if (end < 0) {
    if (message.length < MAX_HEAD_BYTES) throw new MalformedMessage('the head has no end');
    throw new MalformedMessage(`the headers weigh more than ${MAX_HEAD_BYTES} bytes`, 431);
  }
  const [startLine = '', ...lines] = message.toString('latin1', 0, end).split(END_OF_LINE);
  if (lines.length > MAX_FIELDS) {
    throw new MalformedMessage(`there are ${lines.length} headers, and ${MAX_FIELDS} are allowed`, 431);
  }
  const fields: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(OUTER_BLANKS, '');
    if (colon < 1 || !TOKEN.test(name) || !VALUE.test(value)) {
      throw new MalformedMessage(`${JSON.stringify(line.slice(0, 100))} is no header`);
    }
    fields.push(name, value);
  }
  return { startLine, fields, body: message.subarray(end + END_OF_HEAD.length) };
}
