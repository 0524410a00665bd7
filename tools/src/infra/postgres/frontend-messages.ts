/** A message of PostgreSQL's frontend protocol, as it came: type byte (none before the session starts), length, body. */
export interface FrontendMessage {
  readonly kind: 'startup' | 'encryption' | 'cancel' | 'typed';
  /** One letter, such as `Q` or `S`; empty for what comes before the session starts. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Larger messages are refused: this server holds a message whole in memory. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const PROTOCOL_MAJOR = 3;
const CANCEL_REQUEST = 80877102;
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;

/** Cuts the bytes of one connection into messages, whatever pieces they arrive in. */
export class FrontendMessages {
  private waiting: Buffer = Buffer.alloc(0);
  private started = false;

  /** Returns the messages that `chunk` completes. Throws on bytes that are not the protocol. */
  push(chunk: Uint8Array): FrontendMessage[] {
    this.waiting = this.waiting.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.waiting, chunk]);
    const messages: FrontendMessage[] = [];
    for (let message = this.next(); message !== undefined; message = this.next()) messages.push(message);
    return messages;
  }

  private next(): FrontendMessage | undefined {
    const typeBytes = this.started ? 1 : 0;
    if (this.waiting.length < typeBytes + 4) return undefined;
    const size = typeBytes + this.waiting.readUInt32BE(typeBytes);
    if (size < (this.started ? 5 : 8) || size > MAX_MESSAGE_BYTES) {
      throw new Error(
        `a message of ${size} bytes is outside 8 to ${MAX_MESSAGE_BYTES}: not PostgreSQL's protocol?`,
      );
    }
    if (this.waiting.length < size) return undefined;
    const bytes = this.waiting.subarray(0, size);
    this.waiting = this.waiting.subarray(size);
    if (this.started) return { kind: 'typed', type: String.fromCharCode(bytes[0] ?? 0), bytes };
    return this.beforeStart(bytes);
  }

  private beforeStart(bytes: Buffer): FrontendMessage {
    const code = bytes.readUInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_REQUEST) return { kind: 'encryption', type: '', bytes };
    if (code === CANCEL_REQUEST) return { kind: 'cancel', type: '', bytes };
    if (code >>> 16 !== PROTOCOL_MAJOR) {
      throw new Error(
        `protocol version ${code >>> 16}.${code & 0xffff} is not spoken here, only ${PROTOCOL_MAJOR}.x`,
      );
    }
    this.started = true;
    return { kind: 'startup', type: '', bytes };
  }
}
