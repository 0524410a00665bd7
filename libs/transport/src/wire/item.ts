import type { Codec } from './codec.js';
import { WireError } from './wire-error.js';

/** One item of a reply: the content type's character, then the codec's bytes. */
export function encodeItem(codec: Codec, value: unknown): Buffer {
  const { type, bytes } = codec.encode(value);
  const item = Buffer.allocUnsafe(bytes.length + 1);
  item[0] = type.charCodeAt(0);
  item.set(bytes, 1);
  return item;
}

/** The value of an item. Raises WireError for an empty item or one that the codec cannot read. */
export function decodeItem(codec: Codec, item: Buffer): unknown {
  if (item.length === 0) throw new WireError('an item without a content type');
  return codec.decode(String.fromCharCode(item[0]!), item.subarray(1));
}
