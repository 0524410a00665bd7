import type { Codec, Encoded } from './codec.js';
import { MAX_JSON_DEPTH, parseJson, type Reviver } from './safe-json.js';
import { WireError } from './wire-error.js';

const PLAIN = 'j';
const UNDEFINED = 'u';
const BINARY = 'b';
const TAGGED = 't';

/** In tagged JSON a nested Buffer is `{ "$buffer": base64 }`; a key of that shape in the data gets one more `$`. */
const TAG = '$buffer';
const TAG_LIKE = /^\$+buffer$/;
/** What JSON.stringify writes for a Buffer, by Buffer's own toJSON. */
const BUFFER_MARK = '"type":"Buffer"';

const NOTHING = Buffer.alloc(0);

/** As `jsonCodec`; what nests deeper than `maxDepth` is not read. */
export function jsonCodecOf(maxDepth: number): Codec {
  return {
    name: 'json',
    encode,
    decode: (type, bytes) => decode(type, bytes, maxDepth),
  };
}

/**
 * JSON that keeps what a value was: a string that looks like JSON stays a string, undefined and null stay apart,
 * Buffers stay Buffers at any depth. As in all JSON, a Date arrives as its string, NaN as null, and a key whose
 * value is undefined does not arrive.
 */
export const jsonCodec: Codec = jsonCodecOf(MAX_JSON_DEPTH);

function encode(value: unknown): Encoded {
  if (value === undefined) return { type: UNDEFINED, bytes: NOTHING };
  if (Buffer.isBuffer(value)) return { type: BINARY, bytes: value };
  if (value instanceof Uint8Array) {
    return { type: BINARY, bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength) };
  }
  const text = stringify(value);
  if (!text.includes(BUFFER_MARK)) return { type: PLAIN, bytes: Buffer.from(text) };
  return { type: TAGGED, bytes: Buffer.from(JSON.stringify(value, tagBuffers)) };
}

function decode(type: string, bytes: Buffer, maxDepth: number): unknown {
  switch (type) {
    case PLAIN:
      return parse(bytes, maxDepth);
    case UNDEFINED:
      return undefined;
    case BINARY:
      return bytes;
    case TAGGED:
      return parse(bytes, maxDepth, untagBuffers);
    default:
      throw new WireError(
        `unknown content type ${JSON.stringify(type)}: is the sender newer than this process?`,
      );
  }
}

function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new TypeError(`cannot be written as JSON: ${(cause as Error).message}`, { cause });
  }
  if (text === undefined) throw new TypeError(`a ${typeof value} cannot be written as JSON`);
  return text;
}

function parse(bytes: Buffer, maxDepth: number, reviver?: Reviver): unknown {
  try {
    return parseJson(bytes.toString(), maxDepth, reviver);
  } catch (cause) {
    throw cause instanceof WireError ? cause : new WireError('the value is not valid JSON', { cause });
  }
}

/** A replacer: sees Buffers before their toJSON through the holder. */
function tagBuffers(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  if (Buffer.isBuffer(original)) return { [TAG]: original.toString('base64') };
  if (!isPlainObject(value)) return value;
  const keys = Object.keys(value);
  if (keys.length !== 1 || !TAG_LIKE.test(keys[0]!)) return value;
  return { ['$' + keys[0]!]: value[keys[0]!] };
}

function untagBuffers(_key: string, value: unknown): unknown {
  if (!isPlainObject(value)) return value;
  const keys = Object.keys(value);
  if (keys.length !== 1 || !TAG_LIKE.test(keys[0]!)) return value;
  const content = value[keys[0]!];
  if (keys[0] === TAG) {
    if (typeof content !== 'string') throw new WireError(`a ${TAG} must hold a base64 string`);
    return Buffer.from(content, 'base64');
  }
  return { [keys[0]!.slice(1)]: content };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
