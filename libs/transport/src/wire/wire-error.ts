/** Bytes that are not what the protocol says. The record that holds them is dropped; nothing else is touched. */
export class WireError extends Error {
  override readonly name = 'WireError';
}
