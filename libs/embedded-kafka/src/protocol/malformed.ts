/** Raised while decoding bytes that no well-behaved client sends. The connection they came on is closed. */
export class MalformedRequest extends Error {
  override readonly name = 'MalformedRequest';
}
