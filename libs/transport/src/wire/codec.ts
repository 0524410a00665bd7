/**
 * One value as bytes. `type` is one ASCII character that tells the decoder how to read them; it travels beside the
 * bytes, so that a request's value stays plain JSON to any other Kafka tool.
 */
export interface Encoded {
  type: string;
  bytes: Buffer;
}

/** Turns values into bytes and back. Both ends of a call use the same one. */
export interface Codec {
  readonly name: string;
  /** Raises TypeError for a value it cannot carry. */
  encode(value: unknown): Encoded;
  /** Raises for bytes that are not of its making. */
  decode(type: string, bytes: Buffer): unknown;
}
