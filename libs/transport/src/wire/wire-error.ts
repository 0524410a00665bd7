/**
 * Bytes that are not what the protocol says. The record that holds them is dropped; nothing else is touched. Without a
 * stack: whoever may write makes any number of these, and where one was noticed says nothing of its cause.
 */
export class WireError extends Error {
  override readonly name = 'WireError';

  constructor(message: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
